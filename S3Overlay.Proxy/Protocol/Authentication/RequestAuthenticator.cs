using System.Globalization;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Forms;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>
/// Finds out who a request comes from, before anything else is done with it (rule A1). The one place where that is decided: what it
/// does not know, it refuses.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html</remarks>
public sealed class RequestAuthenticator(IKeyRing keys, AuthenticationSettings settings, TimeProvider time)
{
    private readonly SigningKeys _signingKeys = new();
    private readonly Version2Authenticator _version2 = new(keys, settings, time);
    private readonly SignedHeaderNames _headerNames = new();

    /// <summary>Authenticates a request.</summary>
    /// <param name="method">The HTTP method as sent.</param>
    /// <param name="rawPath">The path as sent, percent-encoded.</param>
    /// <param name="rawQuery">The query as sent, without its question mark.</param>
    /// <param name="query">The same query, decoded.</param>
    /// <param name="headers">
    /// The headers as sent. Those that the presigner of a URL moved into its query are put back among them.
    /// </param>
    /// <param name="host">The Host the client named.</param>
    /// <param name="hostBucket">The bucket that the Host names; empty where the path names it, as version 2 has it.</param>
    /// <returns>The caller, and how the body is to be read.</returns>
    /// <exception cref="S3Exception">The signature is missing a part, is wrong, is of a kind not served, or has had its time.</exception>
    public AuthenticatedRequest Authenticate(
        string method, string rawPath, string rawQuery, S3Query query, IHeaderDictionary headers, string host, string hostBucket = "")
    {
        var authorization = headers.Authorization;
        var isPresigned = PresignedQuery.IsPresigned(query);
        if (settings.IsOff)
        {
            return WithoutCheck(query, headers, isPresigned);
        }

        var isPresignedV2 = Version2Authenticator.IsPresigned(query);
        if (authorization.Count > 0 && (isPresigned || isPresignedV2))
        {
            throw new S3Exception(
                S3Errors.InvalidArgument,
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the "
                + "Authorization header should be specified")
            {
                Details = [new("ArgumentName", "Authorization")],
            };
        }

        if (isPresigned)
        {
            return Presigned(method, rawPath, rawQuery, query, headers, host);
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
            if (AuthorizationHeader.IsSigV4(value))
            {
                return SignedHeader(value, method, rawPath, rawQuery, headers, host);
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

        // Its value is not shown: of other schemes it may hold a password.
        throw new S3Exception(S3Errors.InvalidArgument, "Unsupported Authorization Type") { Details = [new("ArgumentName", "Authorization")] };
    }

    /// <summary>Authenticates an upload form, whose signature is among its fields, and holds it against its policy.</summary>
    /// <param name="fields">The fields before the file.</param>
    /// <param name="bucket">The bucket the request names.</param>
    /// <param name="caller">Who signed the request's headers, who counts where the form itself is not signed.</param>
    /// <param name="largest">The most bytes any file may have.</param>
    /// <exception cref="S3Exception">The signature is wrong, or the policy is malformed, has had its time, or does not allow these fields.</exception>
    internal AuthenticatedForm AuthenticateForm(PostFields fields, string bucket, S3Caller caller, long largest)
    {
        if (fields["policy"] is not { } text)
        {
            return settings.IsOff || !FormSignature.IsClaimed(fields) ? new(caller, null) : throw FormSignature.Missing("policy");
        }

        if (!settings.IsOff)
        {
            caller = new FormSignature(keys, settings).Verify(fields, text);
        }

        var policy = PostPolicyReader.Read(text, largest);
        policy.Check(fields, bucket, time.GetUtcNow());
        return new(caller, policy);
    }

    private static AuthenticatedRequest WithoutChunkSignatures(S3Caller caller, IHeaderDictionary headers) =>
        new(caller, PayloadHashes.Plan(SentPayloadHash(headers) ?? SigV4.UnsignedPayload, signatures: null));

    private static AuthenticatedRequest WithoutCheck(S3Query query, IHeaderDictionary headers, bool isPresigned)
    {
        var hash = (isPresigned ? query[PresignedQuery.PayloadHash] : null) ?? SentPayloadHash(headers) ?? SigV4.UnsignedPayload;
        if (isPresigned)
        {
            PresignedQuery.MoveToHeaders(query, headers);
        }
        else if (Version2Authenticator.IsPresigned(query))
        {
            Version2Authenticator.MoveToHeaders(query, headers);
        }

        return new(S3Caller.Anonymous, PayloadHashes.Plan(hash, signatures: null, isOff: true));
    }

    private AuthenticatedRequest SignedHeader(
        string authorization, string method, string rawPath, string rawQuery, IHeaderDictionary headers, string host)
    {
        var claim = default(SignatureClaim);
        AuthorizationHeader.Read(authorization, ref claim);
        var sent = headers.TryGetValue("x-amz-date", out var amzDate) ? amzDate.ToString() : headers.Date.ToString();
        if (!RequestTime.TryParseHeader(sent, out var signedAt, out claim.Time))
        {
            throw new S3Exception(S3Errors.AccessDenied, "AWS authentication requires a valid Date or x-amz-date header");
        }

        claim.PayloadHash = SentPayloadHash(headers)
            ?? throw new S3Exception(S3Errors.InvalidRequest, "Missing required header for this request: x-amz-content-sha256");
        CheckScope(in claim);
        RequestTime.CheckSkew(signedAt, claim.Time, time.GetUtcNow(), settings.MaxSkew);
        return Verify(ref claim, claim.PayloadHash, method, rawPath, rawQuery, headers, host, headers.ContainsKey("x-amz-security-token"));
    }

    private AuthenticatedRequest Presigned(
        string method, string rawPath, string rawQuery, S3Query query, IHeaderDictionary headers, string host)
    {
        var claim = default(SignatureClaim);
        var lifetime = PresignedQuery.Read(query, ref claim, out var refusal);
        if (refusal is not null && !settings.LeavesLifetimes)
        {
            throw refusal;
        }

        RequestTime.TryParseBasic(claim.Time, out var signedAt);
        CheckScope(in claim);
        var now = time.GetUtcNow();
        if (signedAt > now + settings.MaxSkew)
        {
            throw new S3Exception(S3Errors.AccessDenied, "Request is not valid yet");
        }

        if (refusal is null && now > signedAt + lifetime)
        {
            throw new S3Exception(S3Errors.AccessDenied, "Request has expired")
            {
                Details =
                [
                    new("X-Amz-Expires", ((long)lifetime.TotalSeconds).ToString(CultureInfo.InvariantCulture)),
                    new("Expires", RequestTime.ForErrors(signedAt + lifetime)),
                    new("ServerTime", RequestTime.ForErrors(now)),
                ],
            };
        }

        // A hash named in the URL binds whoever uses it; one that the user sends is a promise about what they send.
        var promised = query[PresignedQuery.PayloadHash] ?? SentPayloadHash(headers) ?? SigV4.UnsignedPayload;
        claim.PayloadHash = promised;
        var hasToken = query.Has(PresignedQuery.SecurityToken) || headers.ContainsKey("x-amz-security-token");
        var request = Verify(ref claim, promised, method, rawPath, rawQuery, headers, host, hasToken);
        PresignedQuery.MoveToHeaders(query, headers);
        return request;
    }

    private AuthenticatedRequest Verify(
        ref SignatureClaim claim,
        string promisedHash,
        string method,
        string rawPath,
        string rawQuery,
        IHeaderDictionary headers,
        string host,
        bool hasToken)
    {
        var names = _headerNames.Read(claim.SignedHeaders, out var areNamesKnown) ?? throw Malformed(in claim, "the SignedHeaders are mal-formed.");
        CheckEverythingIsSigned(names, headers);

        var accessKey = claim.AccessKey.ToString();
        if (!keys.TryGetSecret(accessKey, out var secret))
        {
            throw new S3Exception(S3Errors.InvalidAccessKeyId) { Details = [new("AWSAccessKeyId", accessKey)] };
        }

        if (hasToken)
        {
            // Keys here have no session tokens. One that is sent belongs to other credentials: ignoring it would hide the mix-up.
            throw new S3Exception(S3Errors.InvalidToken);
        }

        var known = _signingKeys.Find(claim.KeyName, secret);
        var key = known ?? SigningKey.Derive(secret, claim.Date, claim.Region, claim.Service);
        var check = new SignatureCheck(method, rawPath, rawQuery, host, headers, names);
        if (!check.Holds(key, ref claim))
        {
            throw Mismatch(in check, in claim, accessKey, promisedHash, host);
        }

        if (known is null)
        {
            _signingKeys.Keep(claim.KeyName, key);
        }

        if (!areNamesKnown)
        {
            _headerNames.Keep(claim.SignedHeaders, names);
        }

        var signatures = promisedHash is SigV4.StreamingPayload or SigV4.StreamingPayloadTrailer
            ? new ChunkSignatures(key, claim.Time, claim.Scope.ToString(), claim.Signature.ToString())
            : null;
        return new(new S3Caller(accessKey), PayloadHashes.Plan(promisedHash, signatures));
    }

    private void CheckScope(in SignatureClaim claim)
    {
        if (!claim.Service.SequenceEqual("s3"))
        {
            throw Malformed(in claim, $"incorrect service \"{claim.Service}\". This endpoint belongs to \"s3\".");
        }

        if (!claim.Date.SequenceEqual(claim.Time.AsSpan(0, 8)))
        {
            throw Malformed(
                in claim, $"Invalid credential date \"{claim.Date}\". This date is not the same as X-Amz-Date: \"{claim.Time.AsSpan(0, 8)}\".");
        }

        if (settings.Region is { } region && !claim.Region.SequenceEqual(region))
        {
            throw Malformed(in claim, $"the region '{claim.Region}' is wrong; expecting '{region}'", new("Region", region));
        }
    }

    private static void CheckEverythingIsSigned(string[] names, IHeaderDictionary headers)
    {
        if (!names.Contains("host"))
        {
            throw NotSigned("host");
        }

        List<string>? unsigned = null;
        foreach (var header in headers)
        {
            if (header.Key.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase)
                && !IsListed(names, header.Key)
                && !header.Key.Equals("x-amz-content-sha256", StringComparison.OrdinalIgnoreCase))
            {
                (unsigned ??= []).Add(header.Key.ToLowerInvariant());
            }
        }

        if (unsigned is not null)
        {
            throw NotSigned(string.Join(", ", unsigned));
        }
    }

    private static bool IsListed(string[] names, string header)
    {
        foreach (var name in names)
        {
            if (name.Equals(header, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static string? SentPayloadHash(IHeaderDictionary headers) =>
        headers.TryGetValue("x-amz-content-sha256", out var sent) && sent.Count > 0 ? sent.ToString().Trim() : null;

    private static S3Exception NotSigned(string headers) =>
        new(S3Errors.AccessDenied, "There were headers present in the request which were not signed") { Details = [new("HeadersNotSigned", headers)] };

    /// <summary>A way of signing that is not served, or is switched off.</summary>
    internal static S3Exception NotSupported() =>
        new(S3Errors.InvalidRequest, "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.");

    private static S3Exception Malformed(in SignatureClaim claim, string why, KeyValuePair<string, string>? detail = null) =>
        claim.IsPresigned
            ? new(S3Errors.AuthorizationQueryParametersError, "Error parsing the X-Amz-Credential parameter; " + why) { Details = detail is { } d ? [d] : [] }
            : new(S3Errors.AuthorizationHeaderMalformed, "The authorization header is malformed; " + why) { Details = detail is { } e ? [e] : [] };

    private static S3Exception Mismatch(in SignatureCheck check, in SignatureClaim claim, string accessKey, string promisedHash, string host)
    {
        var described = claim;
        described.PayloadHash = promisedHash;
        var (canonicalRequest, stringToSign) = check.Describe(in described);
        var message = claim.IsPresigned
            ? $"{S3Errors.SignatureDoesNotMatch.Message} The URL was used with the host '{host}': it must have been signed for that host."
            : null;
        return new(S3Errors.SignatureDoesNotMatch, message)
        {
            Details =
            [
                new("AWSAccessKeyId", accessKey),
                new("StringToSign", stringToSign),
                new("SignatureProvided", claim.Signature.ToString()),
                new("CanonicalRequest", canonicalRequest),
            ],
        };
    }
}
