using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Telemetry.AccessLogs;

/// <summary>Formats an entry as one line, without the line end.</summary>
public static class AccessLogLines
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,

        // Programs and people read the line; it is never part of a web page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The formatter of the configured format.</summary>
    public static Func<AccessLogEntry, string> Of(AccessLogOptions options) => options.Format switch
    {
        AccessLogFormat.Json => AsJson,
        AccessLogFormat.S3 => entry => AsS3(entry, options.Owner),
        _ => AsText,
    };

    /// <summary>
    /// <c>time client requester method target status bytes duration layer x-cache operation error request-id "user agent"</c>, with
    /// <c>-</c> for missing values.
    /// </summary>
    public static string AsText(AccessLogEntry entry) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Iso(entry)} {Column(entry.Client?.ToString())} {Column(entry.Requester)} {entry.Method} {Column(Target(entry))} "
        + $"{entry.Status} {entry.Sent} "
        + $"{Milliseconds(entry):0.0}ms {entry.Layer ?? "-"} {entry.Cache ?? "-"} {entry.Operation} {entry.Error ?? "-"} "
        + $"{entry.RequestId} {LoggedTarget.Quoted(entry.UserAgent)}");

    /// <summary>A JSON object with these fields and some more. Missing values are left out.</summary>
    public static string AsJson(AccessLogEntry entry) => JsonSerializer.Serialize(
        new
        {
            Time = Iso(entry),
            Client = entry.Client?.ToString(),
            Requester = OrNull(entry.Requester),
            entry.RequestId,
            Operation = entry.Operation.ToString(),
            entry.Method,
            Target = Target(entry),
            Bucket = OrNull(entry.Bucket),
            Key = OrNull(entry.Key),
            entry.Status,
            entry.Error,
            entry.Outcome,
            BytesSent = entry.Sent,
            entry.ObjectSize,
            DurationMs = Math.Round(Milliseconds(entry), 3),
            entry.Layer,
            entry.Cache,
            entry.VersionId,
            Referer = OrNull(LoggedTarget.WithoutSecrets(entry.Referer)),
            UserAgent = OrNull(entry.UserAgent),
            Host = OrNull(entry.Host),
            entry.TlsVersion,
        },
        Json);

    /// <summary>
    /// Amazon S3's server access log format. Layer and <c>x-cache</c> follow its last column; its readers ignore extra ones.
    /// </summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html</remarks>
    /// <param name="owner">The bucket owner's account; null if none is set.</param>
    public static string AsS3(AccessLogEntry entry, string? owner) =>
        string.Join(' ', [.. Columns(entry, owner, entry.Requester, "-"), entry.Layer ?? "-", entry.Cache ?? "-"]);

    /// <summary>The records of a request in a bucket's own log: Amazon's columns, and only these.</summary>
    /// <param name="entry">The request.</param>
    /// <param name="owner">The account of the bucket's owner.</param>
    public static IEnumerable<string> OfBucket(BucketLogEntry entry, string owner)
    {
        var request = entry.Request;
        var columns = Columns(request, owner, entry.Requester, entry.NeededAcl ? "Yes" : "-");
        columns[1] = Column(entry.Bucket);
        if (entry.Copied is { } source)
        {
            (columns[Operation], columns[Key], columns[Version]) = (
                request.Operation == S3Operation.UploadPartCopy ? LoggedOperations.PartCopySource : LoggedOperations.CopySource,
                KeyColumn(source.Key), Column(source.VersionId));
            (columns[Sent], columns[Size]) = ("-", "-");
        }

        yield return string.Join(' ', columns);
        foreach (var deleted in entry.Deleted ?? [])
        {
            (columns[Operation], columns[Key], columns[Version]) = (
                LoggedOperations.BatchDelete, KeyColumn(deleted.Key), Column(deleted.VersionId));
            (columns[Uri], columns[Status], columns[Error]) = ("-", Number(deleted.Status), Column(deleted.Error));
            (columns[Sent], columns[Size], columns[Total], columns[Referer], columns[Agent]) = ("-", "-", "-", "-", "-");
            yield return string.Join(' ', columns);
        }
    }

    // Places of columns.
    private const int Operation = 6, Key = 7, Uri = 8, Status = 9, Error = 10, Sent = 11, Size = 12, Total = 13, Referer = 15, Agent = 16,
        Version = 17;

    private static string[] Columns(AccessLogEntry entry, string? owner, string? requester, string neededAcl)
    {
        var (version, where) = entry.Signature switch
        {
            RequestSignature.HeaderV4 => ("SigV4", "AuthHeader"),
            RequestSignature.HeaderV2 => ("SigV2", "AuthHeader"),
            RequestSignature.QueryV4 => ("SigV4", "QueryString"),
            RequestSignature.QueryV2 => ("SigV2", "QueryString"),
            _ => ("-", "-"),
        };
        return
        [
            Column(owner),
            Column(entry.Bucket),
            entry.Time.UtcDateTime.ToString("'['dd/MMM/yyyy:HH:mm:ss +0000']'", CultureInfo.InvariantCulture),
            Column(entry.Client?.ToString()),
            Column(requester),
            entry.RequestId,
            LoggedOperations.NameOf(entry.Operation, entry.Method, entry.Configuration, entry.IsOfWebsite),
            KeyColumn(entry.Key),
            LoggedTarget.Quoted($"{entry.Method} {Target(entry)} {entry.Protocol}"),
            Number(entry.Status),
            Column(entry.Error),
            entry.Sent == 0 ? "-" : Number(entry.Sent),
            entry.ObjectSize is { } size ? Number(size) : "-",
            Number((long)Math.Round(Milliseconds(entry))),
            "-", // turn-around time: when the last byte of the request arrived is not measured
            LoggedTarget.Quoted(LoggedTarget.WithoutSecrets(entry.Referer)),
            LoggedTarget.Quoted(entry.UserAgent),
            Column(entry.VersionId),
            entry.RequestId, // the host id: the response's x-amz-id-2
            version,
            entry.CipherSuite ?? "-",
            where,
            Column(entry.Host),
            entry.TlsVersion is { } tls ? TlsName(tls) : "-",
            "-", // access point ARN
            neededAcl,
        ];
    }

    private static string KeyColumn(string key) =>
        key.Length == 0 ? "-" : System.Uri.EscapeDataString(key).Replace("%2F", "/", StringComparison.Ordinal);

    private static string Target(AccessLogEntry entry) => LoggedTarget.WithoutSecrets(entry.RawTarget);

    private static string Column(string? value) => LoggedTarget.Column(value);

    private static string Iso(AccessLogEntry entry) => entry.Time.UtcDateTime
        .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static double Milliseconds(AccessLogEntry entry) => entry.Duration.TotalMilliseconds;

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string? OrNull(string text) => text.Length == 0 ? null : text;

    /// <summary><c>Tls13</c> as Amazon writes it: <c>TLSv1.3</c>.</summary>
    private static string TlsName(string name) => name.Length == 5 ? $"TLSv{name[3]}.{name[4]}" : name;
}
