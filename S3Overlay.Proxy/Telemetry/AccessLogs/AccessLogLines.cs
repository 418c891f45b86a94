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
    public static string AsS3(AccessLogEntry entry, string? owner)
    {
        var (version, where) = entry.Signature switch
        {
            RequestSignature.HeaderV4 => ("SigV4", "AuthHeader"),
            RequestSignature.HeaderV2 => ("SigV2", "AuthHeader"),
            RequestSignature.QueryV4 => ("SigV4", "QueryString"),
            RequestSignature.QueryV2 => ("SigV2", "QueryString"),
            _ => ("-", "-"),
        };
        string[] columns =
        [
            Column(owner),
            Column(entry.Bucket),
            entry.Time.UtcDateTime.ToString("'['dd/MMM/yyyy:HH:mm:ss +0000']'", CultureInfo.InvariantCulture),
            Column(entry.Client?.ToString()),
            Column(entry.Requester),
            entry.RequestId,
            OperationName(entry.Operation, entry.Method),
            entry.Key.Length == 0 ? "-" : Uri.EscapeDataString(entry.Key).Replace("%2F", "/", StringComparison.Ordinal),
            LoggedTarget.Quoted($"{entry.Method} {Target(entry)} {entry.Protocol}"),
            Number(entry.Status),
            entry.Error ?? "-",
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
            "-", // whether an ACL was needed
            entry.Layer ?? "-",
            entry.Cache ?? "-",
        ];
        return string.Join(' ', columns);
    }

    private static string Target(AccessLogEntry entry) => LoggedTarget.WithoutSecrets(entry.RawTarget);

    private static string Column(string? value) => LoggedTarget.Column(value);

    private static string Iso(AccessLogEntry entry) => entry.Time.UtcDateTime
        .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static double Milliseconds(AccessLogEntry entry) => entry.Duration.TotalMilliseconds;

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string? OrNull(string text) => text.Length == 0 ? null : text;

    /// <summary><c>Tls13</c> as Amazon writes it: <c>TLSv1.3</c>.</summary>
    private static string TlsName(string name) => name.Length == 5 ? $"TLSv{name[3]}.{name[4]}" : name;

    /// <summary>The operation as Amazon's logs name it: <c>REST.method.resource</c>.</summary>
    private static string OperationName(S3Operation operation, string method) =>
        $"REST.{(operation is S3Operation.CopyObject or S3Operation.UploadPartCopy ? "COPY" : method)}.{Resource(operation)}";

    private static string Resource(S3Operation operation) => operation switch
    {
        S3Operation.ListBuckets => "SERVICE",
        S3Operation.Preflight => "PREFLIGHT",
        S3Operation.CreateBucket or S3Operation.HeadBucket or S3Operation.DeleteBucket or S3Operation.ListObjects
            or S3Operation.ListObjectsV2 => "BUCKET",
        S3Operation.GetBucketLocation => "LOCATION",
        S3Operation.ListObjectVersions => "BUCKETVERSIONS",
        S3Operation.ListMultipartUploads or S3Operation.CreateMultipartUpload => "UPLOADS",
        S3Operation.CompleteMultipartUpload or S3Operation.AbortMultipartUpload or S3Operation.ListParts => "UPLOAD",
        S3Operation.UploadPart or S3Operation.UploadPartCopy => "PART",
        S3Operation.DeleteObjects => "MULTI_OBJECT_DELETE",
        S3Operation.GetObjectAcl or S3Operation.PutObjectAcl => "ACL",
        S3Operation.GetObjectTagging or S3Operation.PutObjectTagging or S3Operation.DeleteObjectTagging => "OBJECT_TAGGING",
        S3Operation.GetObjectLegalHold or S3Operation.PutObjectLegalHold => "LEGAL_HOLD",
        S3Operation.GetObjectRetention or S3Operation.PutObjectRetention => "RETENTION",
        S3Operation.GetObjectAttributes => "OBJECT_ATTRIBUTES",
        S3Operation.GetBucketConfiguration or S3Operation.PutBucketConfiguration or S3Operation.DeleteBucketConfiguration =>
            "BUCKETCONFIGURATION",
        S3Operation.Administration => "ADMINISTRATION",
        S3Operation.Unknown => "UNKNOWN",
        _ => "OBJECT",
    };
}
