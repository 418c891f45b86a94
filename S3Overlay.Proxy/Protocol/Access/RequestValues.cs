using System.Globalization;
using System.Net;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>The values of condition keys in one request.</summary>
/// <remarks>
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
/// </remarks>
public sealed record RequestValues
{
    private const string ExistingTag = "s3:ExistingObjectTag/", RequestTag = "s3:RequestObjectTag/", Header = "s3:x-amz-",
        LockHeader = "x-amz-object-lock-";

    /// <summary>The caller.</summary>
    public required AccessCaller Caller { get; init; }

    /// <summary>The headers.</summary>
    public required IHeaderDictionary Headers { get; init; }

    /// <summary>The query.</summary>
    public required S3Query Query { get; init; }

    /// <summary>The version that is asked for, or that an item or copy source names; null for none.</summary>
    public string? VersionId { get; init; }

    /// <summary>When the request arrived.</summary>
    public DateTimeOffset Received { get; init; }

    /// <summary>The client's address; null if it has none (a socket of the file system).</summary>
    public IPAddress? Address { get; init; }

    /// <summary>Whether it came over TLS.</summary>
    public bool IsSecure { get; init; }

    /// <summary>The object's tags as a query string; null for none.</summary>
    public string? Tags { get; init; }

    /// <summary>The tags that the request sets, as a query string; null if it sets none.</summary>
    public string? NewTags { get; init; }

    /// <summary>The retention or legal hold that the body sets; null if it sets none.</summary>
    public ObjectLock? NewLock { get; init; }

    /// <summary>Whether the body alone sets retention or legal hold, so that headers about them mean nothing.</summary>
    public bool IsLockInBody { get; init; }

    /// <summary>The account of the bucket's owner: 12 digits, or its id.</summary>
    public string? ResourceAccount { get; init; }

    /// <summary>The values of a key; null for none.</summary>
    public IReadOnlyList<string>? Of(string key)
    {
        if (key.StartsWith(ExistingTag, StringComparison.OrdinalIgnoreCase))
        {
            return One(TagOf(Tags, key[ExistingTag.Length..]));
        }

        if (key.StartsWith(RequestTag, StringComparison.OrdinalIgnoreCase))
        {
            return One(TagOf(NewTags, key[RequestTag.Length..]));
        }

        return key.ToLowerInvariant() switch
        {
            "aws:sourceip" => One(Address?.ToString()),
            "aws:securetransport" => One(IsSecure ? "true" : "false"),
            "aws:currenttime" => One(Received.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
            "aws:epochtime" => One(Received.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
            "aws:referer" => One(HeaderOf("Referer")),
            "aws:useragent" => One(HeaderOf("User-Agent")),
            "aws:principaltype" => One(Caller.Account is null ? "Anonymous" : "User"),
            "aws:username" => One(Caller.Account is null ? null : Caller.AccessKey),
            "aws:userid" => One(Caller.Account is null ? "anonymous" : Caller.Account.Id),
            "aws:principalarn" => One(Caller.Account is null ? null : $"arn:aws:iam::{AccountOfCaller}:user/{Caller.AccessKey}"),
            "aws:principalaccount" => One(AccountOfCaller),
            "aws:principalisawsservice" or "aws:viaawsservice" => One("false"),
            "aws:resourceaccount" or "s3:resourceaccount" => One(ResourceAccount),
            "s3:authtype" => One(Caller.Account is null ? null
                : Query.Has("X-Amz-Signature") || Query.Has("Signature") ? "REST-QUERY-STRING" : "REST-HEADER"),
            "s3:signatureversion" => One(Caller.Account is null ? null
                : Query.Has("Signature") || Headers.Authorization.ToString().StartsWith("AWS ", StringComparison.Ordinal)
                    ? "AWS" : "AWS4-HMAC-SHA256"),
            "s3:signatureage" => One(SignatureAge()),
            "s3:prefix" => One(Query["prefix"]),
            "s3:delimiter" => One(Query["delimiter"]),
            "s3:max-keys" => One(Query["max-keys"]),
            "s3:versionid" => One(VersionId),
            "s3:if-match" => One(HeaderOf("If-Match")),
            "s3:if-none-match" => One(HeaderOf("If-None-Match")),
            "s3:requestobjecttagkeys" => NewTags is null ? null : [.. Split(NewTags).Select(static tag => tag.Key)],
            "s3:object-lock-mode" => One(NewLock?.Mode is { } mode ? RetentionModes.Name(mode) : LockHeaderOf("mode")),
            "s3:object-lock-retain-until-date" => One(RetainUntil()),
            "s3:object-lock-remaining-retention-days" => One(RemainingDays()),
            "s3:object-lock-legal-hold" => One(NewLock?.LegalHold is { } isOn ? LegalHolds.Name(isOn)
                : LockHeaderOf("legal-hold")),
            "s3:x-amz-copy-source" => One(HeaderOf("x-amz-copy-source") is { } source
                && UriEncoding.TryDecodeQuery(source, out var path) ? path.TrimStart('/') : null),
            "s3:x-amz-content-sha256" => One(HeaderOf("x-amz-content-sha256")),
            var name when name.StartsWith(Header, StringComparison.Ordinal) => One(HeaderOf(name["s3:".Length..])),
            _ => null,
        };
    }

    private string? AccountOfCaller => Caller.Account is null ? null : Caller.AccountNumber ?? Caller.Account.Id;

    private static IReadOnlyList<string>? One(string? value) => value is null ? null : [value];

    private string? HeaderOf(string name) => Headers.TryGetValue(name, out var values) ? values.ToString() : null;

    private string? LockHeaderOf(string name) => IsLockInBody ? null : HeaderOf(LockHeader + name);

    /// <summary>Milliseconds since a presigned request was signed.</summary>
    private string? SignatureAge() => DateTimeOffset.TryParseExact(Query["X-Amz-Date"] ?? HeaderOf("x-amz-date") ?? "",
        "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var signed)
        ? ((long)Math.Max(0, (Received - signed).TotalMilliseconds)).ToString(CultureInfo.InvariantCulture) : null;

    private string? RetainUntil() => NewLock?.Until is { } until ? HttpDates.Xml(until) : LockHeaderOf("retain-until-date");

    /// <summary>Days of the retention that the request sets. A begun day counts: a request for ten days arrives a little later.</summary>
    private string? RemainingDays() => HttpDates.TryParseXml(RetainUntil(), out var until)
        ? Math.Max(0, Math.Ceiling((until - Received).TotalDays)).ToString("F0", CultureInfo.InvariantCulture) : null;

    private static string? TagOf(string? tags, string key) =>
        tags is null ? null : Split(tags).FirstOrDefault(tag => tag.Key == key).Value;

    private static IEnumerable<KeyValuePair<string, string>> Split(string tags) =>
        S3Query.Parse(tags).Parameters.Select(static tag => new KeyValuePair<string, string>(tag.Key, tag.Value ?? ""));
}
