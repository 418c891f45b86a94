using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>Reads the query of a presigned URL.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html</remarks>
internal static class PresignedQuery
{
    public const string PayloadHash = "X-Amz-Content-Sha256";
    public const string SecurityToken = "X-Amz-Security-Token";

    public const string AccessKeyV2 = "AWSAccessKeyId";
    public const string SignatureV2 = "Signature";
    private const string Algorithm = "X-Amz-Algorithm";
    private const string Credential = "X-Amz-Credential";
    private const string Date = "X-Amz-Date";
    private const string Expires = "X-Amz-Expires";
    private const string SignedHeaders = "X-Amz-SignedHeaders";
    private const string Signature = "X-Amz-Signature";
    private const int MaxLifetime = 7 * 24 * 60 * 60;

    /// <summary>About three thousand years: fits into a <see cref="TimeSpan"/> and never ends.</summary>
    private const long LongestSpan = 100_000_000_000;

    private static readonly string[] SigningNames = [Algorithm, Credential, Date, Expires, SignedHeaders, Signature, PayloadHash,
        SecurityToken];

    /// <summary>Whether the query claims a SigV4 signature.</summary>
    public static bool IsPresigned(S3Query query) =>
        query.Parameters.Count > 0 && (query.Has(Algorithm) || query.Has(Signature) || query.Has(Credential));

    /// <summary>Whether the query claims a version 2 signature.</summary>
    public static bool IsVersion2(S3Query query) => query.Has(SignatureV2) || query.Has(AccessKeyV2);

    /// <summary>The access key that the query names, in either version; null for none.</summary>
    public static string? ClaimedKey(S3Query query) => query[Credential] is { } credential && credential.IndexOf('/') is > 0 and var slash
        ? credential[..slash] : query[AccessKeyV2];

    /// <summary>Whether a parameter belongs to the signature rather than to the request.</summary>
    public static bool IsSigning(string name) => SigningNames.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Reads the start and lifetime of a presigned URL whose lifetime S3 forbids: more than a week, or none. False for any other query,
    /// even an incomplete one.
    /// </summary>
    public static bool TryReadUnusualLifetime(S3Query query, out DateTimeOffset start, out TimeSpan lifetime)
    {
        (start, lifetime) = (default, default);
        if (!IsPresigned(query) || !WholeNumbers.TryParseSigned(query[Expires], out var seconds) || Refusal(seconds) is null
            || !RequestTime.TryParseBasic(query[Date], out start))
        {
            return false;
        }

        lifetime = TimeSpan.FromSeconds(Math.Clamp(seconds, -LongestSpan, LongestSpan));
        return true;
    }

    /// <summary>Reads credential, signed headers, signature and time.</summary>
    /// <param name="claim">Receives the fields.</param>
    /// <param name="refusal">S3's error for a forbidden lifetime; null for an allowed one.</param>
    /// <returns>The URL's lifetime.</returns>
    /// <exception cref="S3Exception">AuthorizationQueryParametersError.</exception>
    public static TimeSpan Read(S3Query query, ref SignatureClaim claim, out S3Exception? refusal)
    {
        RefuseRepeated(query);
        var (algorithm, credential, date) = (query[Algorithm], query[Credential], query[Date]);
        var (expires, signedHeaders, signature) = (query[Expires], query[SignedHeaders], query[Signature]);
        if (algorithm is null || credential is null || date is null || expires is null || signedHeaders is null || signature is null)
        {
            throw Wrong(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, "
                + "X-Amz-SignedHeaders, and X-Amz-Expires parameters.");
        }

        if (algorithm != SigV4.Algorithm)
        {
            throw Wrong("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
        }

        if (!claim.TrySetCredential(credential))
        {
            throw Wrong("Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "
                + "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
        }

        if (!WholeNumbers.TryParseSigned(expires, out var seconds))
        {
            throw Wrong("X-Amz-Expires should be a number");
        }

        refusal = Refusal(seconds);
        if (!RequestTime.TryParseBasic(date, out _))
        {
            throw Wrong("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
        }

        claim.Time = date;
        claim.SignedHeaders = signedHeaders;
        claim.Signature = signature;
        claim.IsPresigned = true;
        return TimeSpan.FromSeconds(Math.Clamp(seconds, -MaxLifetime, MaxLifetime));
    }

    /// <summary>
    /// Turns the <c>x-amz-*</c> parameters of a presigned URL into headers, unless the request has such a header. Several SDKs presign
    /// headers this way (metadata, ACL, storage class), and S3 reads them as headers. Parameters about a body are skipped: it did not exist
    /// when the URL was signed, and SDKs leave the checksum of an empty body there, which S3 ignores.
    /// </summary>
    /// <param name="isSignedAsHeaders">
    /// Whether the signature covers these headers and not the query, as in version 2. Then nothing is skipped.
    /// </param>
    public static void MoveToHeaders(S3Query query, IHeaderDictionary headers, bool isSignedAsHeaders = false)
    {
        foreach (var (name, value) in query.Parameters)
        {
            if (name.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase)
                && !IsSigning(name)
                && (isSignedAsHeaders || !IsOfBody(name))
                && value is not null
                && IsToken(name)
                && !value.AsSpan().ContainsAny('\r', '\n', '\0')
                && !headers.ContainsKey(name))
            {
                headers[name] = HeaderText.FromText(value);
            }
        }
    }

    /// <summary>Whether a header describes the body: its checksum or framing.</summary>
    private static bool IsOfBody(string name) =>
        name.StartsWith("x-amz-checksum-", StringComparison.OrdinalIgnoreCase)
            ? !name.Equals("x-amz-checksum-mode", StringComparison.OrdinalIgnoreCase)
                && !name.Equals("x-amz-checksum-algorithm", StringComparison.OrdinalIgnoreCase)
                && !name.Equals("x-amz-checksum-type", StringComparison.OrdinalIgnoreCase)
            : name.Equals("x-amz-sdk-checksum-algorithm", StringComparison.OrdinalIgnoreCase)
                || name.Equals("x-amz-trailer", StringComparison.OrdinalIgnoreCase)
                || name.Equals("x-amz-decoded-content-length", StringComparison.OrdinalIgnoreCase);

    /// <summary>Rejects a repeated signature parameter: two readers could each trust a different one.</summary>
    private static void RefuseRepeated(S3Query query)
    {
        var seen = 0;
        foreach (var (name, _) in query.Parameters)
        {
            var i = SigningNames.AsSpan().IndexOf(name);
            if (i < 0)
            {
                continue;
            }

            if ((seen & (1 << i)) != 0)
            {
                throw Wrong($"The parameter {name} is given more than once.");
            }

            seen |= 1 << i;
        }
    }

    private static S3Exception? Refusal(long seconds) => seconds switch
    {
        < 0 => Wrong("X-Amz-Expires must be non-negative"),
        > MaxLifetime =>
            Wrong("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds"),

        // S3 refuses only negative ones, so that none is one that has passed.
        0 => new S3Exception(S3Errors.AccessDenied, "Request has expired") { Details = [new(Expires, "0")] },
        _ => null,
    };

    private static bool IsToken(string name) => name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static S3Exception Wrong(string message) => new(S3Errors.AuthorizationQueryParametersError, message);
}
