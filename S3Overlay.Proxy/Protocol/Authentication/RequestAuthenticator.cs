using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>
/// Finds out who sent a request, before anything else is done with it (rule A1). The only place that decides this; it rejects what it does
/// not know.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html</remarks>
public sealed class RequestAuthenticator(IKeyRing keys, AuthenticationSettings settings, TimeProvider time)
{
    private readonly Version2Authenticator _version2 = new(keys, settings, time);
    private readonly Version4Authenticator _version4 = new(keys, settings, time);

    internal IKeyRing Keys => keys;

    internal AuthenticationSettings Settings => settings;

    internal TimeProvider Time => time;

    /// <summary>Authenticates a request.</summary>
    /// <param name="rawPath">The path as sent, percent-encoded.</param>
    /// <param name="rawQuery">The query as sent, without its question mark.</param>
    /// <param name="headers">The headers as sent. Headers that a presigner moved into the query are added back.</param>
    /// <param name="hostBucket">The bucket that the Host names; empty if the path names it. Version 2 signs it.</param>
    /// <returns>
    /// The caller, <see cref="S3Caller.Anonymous"/> for an unsigned request, which the front door decides on; and how to read the body.
    /// </returns>
    /// <exception cref="S3Exception">The signature is incomplete, wrong, expired, or of an unsupported kind.</exception>
    public (S3Caller Caller, PayloadPlan Payload) Authenticate(
        string method, string rawPath, string rawQuery, S3Query query, IHeaderDictionary headers, string host, string hostBucket = "")
    {
        var authorization = headers.Authorization;
        var isPresigned = PresignedQuery.IsPresigned(query);
        if (settings.IsOff)
        {
            return WithoutCheck(query, headers, isPresigned);
        }

        var isPresignedV2 = PresignedQuery.IsVersion2(query);
        if ((authorization.Count > 0 && (isPresigned || isPresignedV2)) || (isPresigned && isPresignedV2))
        {
            throw S3Exception.Argument(
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the "
                + "Authorization header should be specified", "Authorization");
        }

        if ((isPresigned || isPresignedV2) && !settings.AllowsPresigned)
        {
            throw new S3Exception(
                S3Errors.AccessDenied, "Presigned URLs are not accepted here: put the signature into the Authorization header.");
        }

        if (isPresigned)
        {
            return _version4.Presigned(method, rawPath, rawQuery, query, headers, host);
        }

        if (isPresignedV2)
        {
            return WithoutChunkSignatures(_version2.Presigned(method, rawPath, hostBucket, query, headers), headers);
        }

        if (authorization.Count == 0)
        {
            return WithoutChunkSignatures(S3Caller.Anonymous, headers);
        }

        if (authorization.Count == 1 && authorization[0] is { } value)
        {
            if (SignatureClaim.IsHeader(value))
            {
                return _version4.Header(value, method, rawPath, rawQuery, headers, host);
            }

            if (Version2Authenticator.IsHeader(value))
            {
                return WithoutChunkSignatures(_version2.Header(value, method, rawPath, hostBucket, query, headers), headers);
            }

            if (value.StartsWith("AWS4-", StringComparison.Ordinal))
            {
                throw NotSupported();
            }
        }

        // Do not echo the value: other schemes may put a password there.
        throw S3Exception.Argument("Unsupported Authorization Type", "Authorization");
    }

    private static (S3Caller Caller, PayloadPlan Payload) WithoutChunkSignatures(S3Caller caller, IHeaderDictionary headers) =>
        (caller, PayloadPlan.Of(PayloadPlan.Sent(headers) ?? SigV4.UnsignedPayload, signatures: null));

    private static (S3Caller Caller, PayloadPlan Payload) WithoutCheck(S3Query query, IHeaderDictionary headers, bool isPresigned)
    {
        var hash = (isPresigned ? query[PresignedQuery.PayloadHash] : null) ?? PayloadPlan.Sent(headers) ?? SigV4.UnsignedPayload;
        if (isPresigned)
        {
            PresignedQuery.MoveToHeaders(query, headers);
        }
        else if (PresignedQuery.IsVersion2(query))
        {
            Version2Authenticator.MoveToHeaders(query, headers);
        }

        return (S3Caller.Anonymous, PayloadPlan.Of(hash, signatures: null, isOff: true));
    }

    /// <summary>The secret of an access key.</summary>
    /// <param name="hasToken">
    /// Whether a session token was sent. Keys here have none: it belongs to other credentials, and ignoring it would hide the mistake.
    /// </param>
    /// <exception cref="S3Exception">InvalidAccessKeyId, InvalidToken.</exception>
    internal static string SecretOf(IKeyRing keys, string accessKey, bool hasToken) =>
        !keys.TryGetSecret(accessKey, out var secret)
            ? throw new S3Exception(S3Errors.InvalidAccessKeyId) { Details = [new("AWSAccessKeyId", accessKey)] }
        : hasToken ? throw new S3Exception(S3Errors.InvalidToken) : secret;

    /// <summary>The signature version is unsupported, or turned off.</summary>
    internal static S3Exception NotSupported() =>
        new(S3Errors.InvalidRequest, "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.");
}
