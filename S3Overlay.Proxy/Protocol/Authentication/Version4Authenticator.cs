using System.Collections.Concurrent;
using System.Globalization;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>
/// Checks version 4 signatures. Signing keys and header lists are cached, so that a usual check derives and parses nothing.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html</remarks>
internal sealed partial class Version4Authenticator(IKeyRing keys, AuthenticationSettings settings, TimeProvider time)
{
    /// <summary>The most lists of signed headers to cache. Clients send the same few over and over.</summary>
    private const int MaxHeaderLists = 256;

    private readonly SigningKey.Cache _signingKeys = new();
    private readonly ConcurrentDictionary<string, string[]> _headerLists = new(StringComparer.Ordinal);

    /// <summary>Checks an Authorization header.</summary>
    /// <exception cref="S3Exception">AuthorizationHeaderMalformed, InvalidRequest, AccessDenied, RequestTimeTooSkewed, InvalidAccessKeyId,
    /// InvalidToken, SignatureDoesNotMatch.</exception>
    public (S3Caller Caller, PayloadPlan Payload) Header(
        string authorization, string method, string rawPath, string rawQuery, IHeaderDictionary headers, string host)
    {
        var claim = default(SignatureClaim);
        claim.ReadHeader(authorization);
        var sent = headers.TryGetValue("x-amz-date", out var amzDate) ? amzDate.ToString() : headers.Date.ToString();
        if (!RequestTime.TryParseHeader(sent, out var signedAt, out claim.Time))
        {
            throw new S3Exception(S3Errors.AccessDenied, "AWS authentication requires a valid Date or x-amz-date header");
        }

        claim.PayloadHash = PayloadPlan.Sent(headers)
            ?? throw new S3Exception(S3Errors.InvalidRequest, "Missing required header for this request: x-amz-content-sha256");
        CheckScope(in claim);
        RequestTime.CheckSkew(signedAt, claim.Time, time.GetUtcNow(), settings.MaxSkew);
        return Verify(ref claim, claim.PayloadHash, method, rawPath, rawQuery, headers, host, headers.ContainsKey("x-amz-security-token"));
    }

    /// <summary>Checks a presigned URL and turns the headers in its query into headers.</summary>
    /// <exception cref="S3Exception">
    /// AuthorizationQueryParametersError, AccessDenied, InvalidAccessKeyId, InvalidToken, SignatureDoesNotMatch.
    /// </exception>
    public (S3Caller Caller, PayloadPlan Payload) Presigned(
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

        // A hash in the URL binds its user. One that the user sends is a promise about the body.
        var promised = query[PresignedQuery.PayloadHash] ?? PayloadPlan.Sent(headers) ?? SigV4.UnsignedPayload;
        claim.PayloadHash = promised;
        var hasToken = query.Has(PresignedQuery.SecurityToken) || headers.ContainsKey("x-amz-security-token");
        var request = Verify(ref claim, promised, method, rawPath, rawQuery, headers, host, hasToken);
        PresignedQuery.MoveToHeaders(query, headers);
        return request;
    }

    private (S3Caller Caller, PayloadPlan Payload) Verify(ref SignatureClaim claim, string promisedHash, string method, string rawPath,
        string rawQuery, IHeaderDictionary headers, string host, bool hasToken)
    {
        var lists = _headerLists.GetAlternateLookup<ReadOnlySpan<char>>();
        var areNamesKnown = lists.TryGetValue(claim.SignedHeaders, out var names);
        names ??= Names(claim.SignedHeaders) ?? throw Malformed(in claim, "the SignedHeaders are mal-formed.");
        CheckEverythingIsSigned(names, headers);

        var accessKey = claim.AccessKey.ToString();
        var secret = RequestAuthenticator.SecretOf(keys, accessKey, hasToken);

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

        if (!areNamesKnown && _headerLists.Count < MaxHeaderLists)
        {
            lists.TryAdd(claim.SignedHeaders, names);
        }

        var signatures = promisedHash is SigV4.StreamingPayload or SigV4.StreamingPayloadTrailer
            ? new ChunkSignatures(key, claim.Time, claim.Scope.ToString(), claim.Signature.ToString())
            : null;
        return (new S3Caller(accessKey), PayloadPlan.Of(promisedHash, signatures));
    }

    private void CheckScope(in SignatureClaim claim)
    {
        if (!claim.Service.SequenceEqual("s3"))
        {
            throw Malformed(in claim, $"incorrect service \"{claim.Service}\". This endpoint belongs to \"s3\".");
        }

        if (!claim.Date.SequenceEqual(claim.Time.AsSpan(0, 8)))
        {
            throw Malformed(in claim, $"Invalid credential date \"{claim.Date}\". This date is not the same as X-Amz-Date: "
                    + $"\"{claim.Time.AsSpan(0, 8)}\".");
        }

        if (settings.Region is { } region && !claim.Region.SequenceEqual(region))
        {
            throw Malformed(in claim, $"the region '{claim.Region}' is wrong; expecting '{region}'", region);
        }
    }

    /// <summary>The names in a list of signed headers; null if one cannot be that of a header in lower case.</summary>
    private static string[]? Names(ReadOnlySpan<char> list)
    {
        var names = list.ToString().Split(';');
        return names.All(static name => name.Length > 0 && !name.AsSpan().ContainsAny('\r', '\n', ':') && System.Text.Ascii.IsValid(name)
            && !name.Any(char.IsAsciiLetterUpper)) ? names : null;
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
                && !names.AsSpan().Contains(header.Key, StringComparer.OrdinalIgnoreCase)
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

    private static S3Exception NotSigned(string headers) =>
        new(S3Errors.AccessDenied, "There were headers present in the request which were not signed")
            { Details = [new("HeadersNotSigned", headers)] };

    /// <param name="region">
    /// The region to sign for, if that is the problem. Also sent as a header, since the response to a HEAD has no body.
    /// </param>
    private static S3Exception Malformed(in SignatureClaim claim, string why, string? region = null) =>
        new(claim.IsPresigned ? S3Errors.AuthorizationQueryParametersError : S3Errors.AuthorizationHeaderMalformed,
            (claim.IsPresigned ? "Error parsing the X-Amz-Credential parameter; " : "The authorization header is malformed; ") + why)
        {
            Details = region is null ? [] : [new("Region", region)],
            Headers = region is null ? [] : [new("x-amz-bucket-region", region)],
        };

    private static S3Exception Mismatch(in SignatureCheck check, in SignatureClaim claim, string accessKey, string promisedHash,
        string host)
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
