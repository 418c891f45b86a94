using System.Security.Cryptography;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>The key that a client brings with a request (SSE-C). It is never stored.</summary>
/// <param name="Key">The key.</param>
/// <param name="Md5">Its MD5 in base64, which responses repeat.</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html</remarks>
internal sealed record CustomerKey(WrappingKey Key, string Md5)
{
    /// <summary>The only algorithm.</summary>
    public const string Aes256 = "AES256";

    private const string Requests = "Requests specifying Server Side Encryption with Customer provided keys must";

    /// <summary>The key of a request; null if it has none.</summary>
    /// <param name="request">The request.</param>
    /// <param name="mayBePlain">True if the connection need not be encrypted.</param>
    /// <exception cref="S3Exception">InvalidRequest, InvalidArgument, InvalidEncryptionAlgorithmError.</exception>
    public static CustomerKey? Of(S3Request request, bool mayBePlain) => HasAny(request.Headers)
        ? Read(request, ClientKeys.Of(request.Headers), mayBePlain) : null;

    /// <summary>The key for the source of a copy; null if there is none.</summary>
    /// <exception cref="S3Exception">As <see cref="Of"/>.</exception>
    public static CustomerKey? OfSource(S3Request request, bool mayBePlain) =>
        ClientKeys.OfCopySource(request.Headers) is { Count: > 0 } headers ? Read(request, headers, mayBePlain) : null;

    /// <summary>Shows that the key was used. Not even its MD5 is stored: what is shown comes from the request.</summary>
    public void Show(S3Response response) => response.Headers[ClientKeys.Headers[2]] = Md5;

    private static bool HasAny(IHeaderDictionary headers)
    {
        foreach (var name in ClientKeys.Headers)
        {
            if (headers.ContainsKey(name))
            {
                return true;
            }
        }

        return false;
    }

    private static CustomerKey Read(S3Request request, IReadOnlyList<KeyValuePair<string, string>> headers, bool mayBePlain)
    {
        if (!mayBePlain && request.Address.Scheme != Uri.UriSchemeHttps)
        {
            throw new S3Exception(S3Errors.InvalidRequest, Requests + " be made over a secure connection.");
        }

        var values = ClientKeys.Headers.Select(name => headers.FirstOrDefault(header => header.Key == name).Value).ToArray();
        if (values[0] is not { Length: > 0 } algorithm)
        {
            throw Wrong(Requests + " provide a valid encryption algorithm.");
        }

        if (algorithm != Aes256)
        {
            throw new S3Exception(S3Errors.InvalidEncryptionAlgorithm)
                { Details = [new("ArgumentName", ClientKeys.Algorithm), new("ArgumentValue", algorithm)] };
        }

        if (values[1] is not { Length: > 0 } text)
        {
            throw Wrong(Requests + " provide an appropriate secret key.");
        }

        if (values[2] is not { Length: > 0 } promised)
        {
            throw Wrong(Requests + " provide the client calculated MD5 of the secret key.");
        }

        Span<byte> secret = stackalloc byte[WrappingKey.Size + 1];
        if (text.Length > 2 * WrappingKey.Size || !Convert.TryFromBase64String(text, secret, out var length) || length != WrappingKey.Size)
        {
            throw Wrong("The secret key was invalid for the specified algorithm.");
        }

        secret = secret[..WrappingKey.Size];
        var md5 = Convert.ToBase64String(MD5.HashData(secret));
        if (md5 != promised)
        {
            throw Wrong("The calculated MD5 hash of the key did not match the hash that was provided.");
        }

        var key = new WrappingKey(KeyKind.Customer, "", secret);
        CryptographicOperations.ZeroMemory(secret);
        return new CustomerKey(key, md5);
    }

    private static S3Exception Wrong(string message) => S3Exception.Argument(message, WriteEncryption.Header);
}
