namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// Names of span attributes: OpenTelemetry's semantic conventions, or <c>s3overlay.*</c>. Never a secret, a signature or a header's value
/// (rule A4).
/// </summary>
/// <remarks>
/// https://opentelemetry.io/docs/specs/semconv/object-stores/s3/, https://opentelemetry.io/docs/specs/semconv/http/http-spans/,
/// https://opentelemetry.io/docs/specs/semconv/general/recording-errors/
/// </remarks>
public static class SpanAttributes
{
#pragma warning disable CS1591 // the conventions define them
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

    /// <summary>The only value of <see cref="RpcSystem"/>.</summary>
    public const string AwsApi = "aws-api";

    /// <summary>The layer that answered: <c>local</c>, <c>cache</c>, <c>remote</c> (rule T4).</summary>
    public const string Layer = "s3overlay.layer";

    /// <summary>The cache result: <c>HIT</c>, <c>MISS</c>, <c>BYPASS</c> ... (rule T4).</summary>
    public const string Cache = "s3overlay.cache";

    /// <summary>The outcome, in a word.</summary>
    public const string Outcome = "s3overlay.outcome";

    /// <summary>Bytes of an object transferred.</summary>
    public const string Bytes = "s3overlay.bytes";

    /// <summary>The position of the first byte, counted from 0.</summary>
    public const string Offset = "s3overlay.offset";

    /// <summary>The number of a chunk, counted from 0.</summary>
    public const string Chunk = "s3overlay.chunk";

    /// <summary>The number of chunks that a span covers, if more than one.</summary>
    public const string Chunks = "s3overlay.chunks";

    /// <summary>Whether a read waited for another read's request.</summary>
    public const string Coalesced = "s3overlay.coalesced";

    /// <summary>Whether bytes were read ahead.</summary>
    public const string ReadAhead = "s3overlay.read_ahead";

    /// <summary>The number of rows on a listing page.</summary>
    public const string Rows = "s3overlay.rows";
}
