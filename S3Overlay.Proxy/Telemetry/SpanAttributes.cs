namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// What the attributes of spans are called: as OpenTelemetry's semantic conventions have it where they have it, else <c>s3overlay.*</c>.
/// Never a secret, a signature or a header's value (rule A4).
/// </summary>
/// <remarks>
/// https://opentelemetry.io/docs/specs/semconv/object-stores/s3/, https://opentelemetry.io/docs/specs/semconv/http/http-spans/,
/// https://opentelemetry.io/docs/specs/semconv/general/recording-errors/
/// </remarks>
public static class SpanAttributes
{
#pragma warning disable CS1591 // what they mean is the conventions' to say
    public const string RpcSystem = "rpc.system.name";
    public const string RpcMethod = "rpc.method";
    public const string Bucket = "aws.s3.bucket";
    public const string Key = "aws.s3.key";
    public const string RequestId = "aws.request_id";
    public const string Method = "http.request.method";
    public const string Status = "http.response.status_code";
    public const string RequestSize = "http.request.body.size";
    public const string ResponseSize = "http.response.body.size";
    public const string ResendCount = "http.request.resend_count";
    public const string ClientAddress = "client.address";
    public const string ServerAddress = "server.address";
    public const string ServerPort = "server.port";
    public const string ErrorType = "error.type";
#pragma warning restore CS1591

    /// <summary>The one value of <see cref="RpcSystem"/>.</summary>
    public const string AwsApi = "aws-api";

    /// <summary>Which layer answered: <c>local</c>, <c>cache</c>, <c>remote</c> (rule T4).</summary>
    public const string Layer = "s3overlay.layer";

    /// <summary>The cache's part in it: <c>HIT</c>, <c>MISS</c>, <c>BYPASS</c> ... (rule T4).</summary>
    public const string Cache = "s3overlay.cache";

    /// <summary>How it ended, in a word.</summary>
    public const string Outcome = "s3overlay.outcome";

    /// <summary>How many bytes of an object it moved.</summary>
    public const string Bytes = "s3overlay.bytes";

    /// <summary>The first of the bytes it is about, counted from 0.</summary>
    public const string Offset = "s3overlay.offset";

    /// <summary>The number of a chunk, counted from 0.</summary>
    public const string Chunk = "s3overlay.chunk";

    /// <summary>How many chunks a span stands for, where it is more than one.</summary>
    public const string Chunks = "s3overlay.chunks";

    /// <summary>Whether a read waited for what another read had asked for.</summary>
    public const string Coalesced = "s3overlay.coalesced";

    /// <summary>Whether bytes were fetched before anybody asked for them.</summary>
    public const string ReadAhead = "s3overlay.read_ahead";

    /// <summary>How many rows a listing page shows.</summary>
    public const string Rows = "s3overlay.rows";
}
