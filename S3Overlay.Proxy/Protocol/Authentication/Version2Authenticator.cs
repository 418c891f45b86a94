using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>Checks version 2 signatures, which old clients and scripts still send.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html</remarks>
internal sealed class Version2Authenticator(IKeyRing keys, AuthenticationSettings settings, TimeProvider time)
{
    private const string ExpiresParameter = "Expires";
    private const string Scheme = "AWS ";

    /// <summary>Whether an Authorization header is of version 2.</summary>
    public static bool IsHeader(string authorization) => authorization.StartsWith(Scheme, StringComparison.Ordinal);

    /// <summary>Checks an Authorization header.</summary>
    /// <exception cref="S3Exception">InvalidArgument, AccessDenied, RequestTimeTooSkewed, InvalidAccessKeyId,
    /// SignatureDoesNotMatch.</exception>
    public S3Caller Header(string authorization, string method, string rawPath, string hostBucket, S3Query query, IHeaderDictionary headers)
    {
        RefuseWhereOff();
        var claim = authorization.AsSpan(Scheme.Length).Trim();
        var colon = claim.LastIndexOf(':');
        if (colon <= 0)
        {
            throw S3Exception.Argument("AWS authorization header is invalid.  Expected AwsAccessKeyId:signature", "Authorization");
        }

        var hasAmzDate = headers.TryGetValue("x-amz-date", out var amzDate);
        var date = headers.Date.ToString();
        if (!RequestTime.TryParseVersion2(hasAmzDate ? amzDate.ToString() : date, out var signedAt))
        {
            throw new S3Exception(S3Errors.AccessDenied, "AWS authentication requires a valid Date or x-amz-date header");
        }

        RequestTime.CheckSkew(signedAt, hasAmzDate ? amzDate.ToString() : date, time.GetUtcNow(), settings.MaxSkew);
        return Verify(
            claim[..colon].ToString(), claim[(colon + 1)..].ToString(), method, rawPath, hostBucket, query, headers, hasAmzDate ? ""
                : date, headers.ContainsKey("x-amz-security-token"));
    }

    /// <summary>Checks a presigned URL and turns the headers in its query into headers.</summary>
    /// <exception cref="S3Exception">AccessDenied, InvalidAccessKeyId, SignatureDoesNotMatch.</exception>
    public S3Caller Presigned(string method, string rawPath, string hostBucket, S3Query query, IHeaderDictionary headers)
    {
        RefuseWhereOff();
        var (accessKey, signature, expires) = (query[PresignedQuery.AccessKeyV2], query[PresignedQuery.SignatureV2],
            query[ExpiresParameter]);
        if (accessKey is null || signature is null || expires is null)
        {
            throw new S3Exception(
                S3Errors.AccessDenied, "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters");
        }

        if (query.Parameters
            .Count(static parameter => parameter.Key is PresignedQuery.AccessKeyV2 or PresignedQuery.SignatureV2 or ExpiresParameter) > 3)
        {
            throw new S3Exception(S3Errors.AccessDenied,
                "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters, each once");
        }

        if (!WholeNumbers.TryParse(expires, out long end))
        {
            throw new S3Exception(S3Errors.AccessDenied, $"Invalid date (should be seconds since epoch): {expires}");
        }

        var now = time.GetUtcNow();
        if (now.ToUnixTimeSeconds() > end)
        {
            throw new S3Exception(S3Errors.AccessDenied, "Request has expired")
            {
                Details = [new("Expires", RequestTime.ForErrors(DateTimeOffset.FromUnixTimeSeconds(end))),
                    new("ServerTime", RequestTime.ForErrors(now))],
            };
        }

        // An unencoded plus was decoded as a space, which no signature contains.
        signature = signature.Replace(' ', '+');
        MoveToHeaders(query, headers);
        return Verify(accessKey, signature, method, rawPath, hostBucket, query, headers, expires, query.Has("x-amz-security-token")
            || headers.ContainsKey("x-amz-security-token"));
    }

    /// <summary>Turns the headers that presigners put into a query into headers, which is what the signature covers.</summary>
    public static void MoveToHeaders(S3Query query, IHeaderDictionary headers)
    {
        PresignedQuery.MoveToHeaders(query, headers, isSignedAsHeaders: true);
        foreach (var name in (string[])["content-type", "content-md5"])
        {
            if (query[name] is { Length: > 0 } value && !headers.ContainsKey(name) && !value.AsSpan().ContainsAny('\r', '\n', '\0'))
            {
                headers[name] = HeaderText.FromText(value);
            }
        }
    }

    private S3Caller Verify(
        string accessKey, string signature, string method, string rawPath, string hostBucket, S3Query query, IHeaderDictionary headers,
        string date, bool hasToken)
    {
        var secret = RequestAuthenticator.SecretOf(keys, accessKey, hasToken);

        var toSign = SigV2.StringToSign(method, rawPath, hostBucket, query, headers, date);
        if (SigV2.Holds(secret, toSign, signature))
        {
            return new(accessKey);
        }

        foreach (var other in OtherForms(rawPath, hostBucket))
        {
            if (SigV2.Holds(secret, SigV2.StringToSign(method, other, hostBucket, query, headers, date), signature))
            {
                return new(accessKey);
            }
        }

        throw new S3Exception(S3Errors.SignatureDoesNotMatch)
        {
            Details = [new("AWSAccessKeyId", accessKey), new("StringToSign", toSign), new("SignatureProvided", signature)],
        };
    }

    /// <summary>Other spellings of the path that clients sign; each names the same bucket and key.</summary>
    private static IEnumerable<string> OtherForms(string rawPath, string hostBucket)
    {
        if (hostBucket.Length == 0 && rawPath.Length > 1 && rawPath.IndexOf('/', 1) < 0)
        {
            // botocore: a bucket ends with a slash.
            yield return rawPath + "/";
        }

        if (UriEncoding.TryDecode(rawPath, out var decoded) && UriEncoding.EncodeKey(decoded) is var encoded && encoded != rawPath)
        {
            yield return encoded;
        }
    }

    private void RefuseWhereOff()
    {
        if (!settings.AllowsVersion2)
        {
            throw RequestAuthenticator.NotSupported();
        }
    }
}
