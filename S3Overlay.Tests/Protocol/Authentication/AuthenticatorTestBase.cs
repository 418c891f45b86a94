using System.Diagnostics.CodeAnalysis;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Tests.Protocol.Authentication;

/// <summary>A server that knows the key of AWS's examples and whose clock shows their time.</summary>
public abstract class AuthenticatorTestBase
{
    protected const string AccessKey = "AKIAIOSFODNN7EXAMPLE";
    protected const string SecretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    protected const string Host = "examplebucket.s3.amazonaws.com";

    protected static readonly DateTimeOffset Time = new(2013, 5, 24, 0, 0, 0, TimeSpan.Zero);

    protected static readonly RequestSigner Signer = new(new SigningCredentials(AccessKey, SecretKey), "us-east-1");

    protected DateTimeOffset Now { get; set; } = Time;

    protected AuthenticationSettings Settings { get; set; } = new();

    internal static IHeaderDictionary Headers(params (string Name, string Value)[] headers)
    {
        var result = new HeaderDictionary();
        foreach (var (name, value) in headers)
        {
            result.Append(name, value);
        }

        return result;
    }

    /// <summary>A request signed in its headers as the signer does it.</summary>
    internal static IHeaderDictionary Signed(string method, string path, string query = "", string payloadHash = SigV4.EmptyPayload,
        RequestSigner? signer = null, DateTimeOffset? time = null, string host = Host, params (string Name, string Value)[] headers)
    {
        var all = Headers(headers);
        var toSign = headers.Select(header => KeyValuePair.Create(header.Name, header.Value));
        foreach (var (name, value) in (signer ?? Signer).Sign(method, host, path, query, toSign, payloadHash, time ?? Time).Headers)
        {
            all.Append(name, value);
        }

        return all;
    }

    internal (S3Caller Caller, PayloadPlan Payload) Authenticate(string method, string path, string query, IHeaderDictionary headers,
        string host = Host, string hostBucket = "") =>
        new RequestAuthenticator(new OneKey(), Settings, new FixedTime(Now))
            .Authenticate(method, path, query, S3Query.Parse(query), headers, host, hostBucket);

    internal S3Exception Refused(string method, string path, string query, IHeaderDictionary headers, string host = Host,
        string hostBucket = "") =>
        Assert.Throws<S3Exception>(() => Authenticate(method, path, query, headers, host, hostBucket));

    internal static string? Detail(S3Exception refusal, string name) => refusal.Details.FirstOrDefault(detail => detail.Key == name).Value;

    private sealed class OneKey : IKeyRing
    {
        public bool TryGetSecret(string accessKey, [NotNullWhen(true)] out string? secret)
        {
            secret = accessKey == AccessKey ? SecretKey : null;
            return secret is not null;
        }
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
