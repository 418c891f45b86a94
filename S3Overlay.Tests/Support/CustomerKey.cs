using System.Security.Cryptography;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Tests.Support;

/// <summary>A key that a client encrypts objects with (SSE-C): its request headers, and S3's responses to requests without it.</summary>
internal static class CustomerKey
{
    private const string Target = "x-amz-server-side-encryption-customer-";
    private const string Source = "x-amz-copy-source-server-side-encryption-customer-";

    /// <summary>The headers that bring a key.</summary>
    public static (string Name, string Value)[] Headers(byte seed = 1) => Headers(Target, seed);

    /// <summary>The headers with the key of a copy's source.</summary>
    public static (string Name, string Value)[] SourceHeaders(byte seed = 1) => Headers(Source, seed);

    /// <summary>The MD5 of the key in a request, or null.</summary>
    public static string? Of(IHeaderDictionary headers) => headers[Target + "key-MD5"];

    /// <summary>The MD5 of the key for a copy's source in a request, or null.</summary>
    public static string? OfCopySource(IHeaderDictionary headers) => headers[Source + "key-MD5"];

    /// <summary>S3's error for a request about an object. Null if the key is right, or none is needed.</summary>
    public static (int Status, string Code)? Judge(string? needed, string? brought) =>
        needed == brought ? null
        : needed is null || brought is null ? (400, "InvalidRequest")
        : (403, "AccessDenied");

    /// <summary>Marks responses with a store's own wording of the error.</summary>
    public static readonly object Refusal = new();

    /// <summary>RGW's message, with the code InvalidArgument.</summary>
    public static string MessageOfCeph(string? brought) => brought is null
        ? "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm."
        : "The calculated MD5 hash of the key did not match the hash that was provided.";

    /// <summary>S3's message for the code.</summary>
    public static string MessageOf(string code) => code switch
    {
        "InvalidRequest" =>
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.",
        "AccessDenied" => "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.",
        _ => "As the store says.",
    };

    private static (string Name, string Value)[] Headers(string prefix, byte seed)
    {
        var key = Enumerable.Repeat(seed, 32).ToArray();
        return [(prefix + "algorithm", "AES256"), (prefix + "key", Convert.ToBase64String(key)),
            (prefix + "key-MD5", Convert.ToBase64String(MD5.HashData(key)))];
    }
}
