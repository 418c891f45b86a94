using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;

using S3Overlay.Proxy.Administration.Cache;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry.Tails;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>GET tail</c>: requests as they are answered.</summary>
internal sealed class TailMethod : ListMethod<object>
{
    private const int Capacity = 4096;

    /// <summary>How often a second the queue is emptied if there is a rate.</summary>
    private const int PausesPerSecond = 4;

    private const int MaxRate = 10_000;

    private static readonly string[] Layers = ["local", "cache", "remote", "hit", "miss", "revalidated", "stale", "bypass"];

    private readonly RequestTail _tail;

    public TailMethod(RequestTail tail)
        : base("tail", "Streams requests as they are answered, until the client leaves or the proxy stops.")
    {
        (_tail, IsLive) = (tail, true);
        Parameters =
        [
            Parameter.Bucket, Parameter.Key, Parameter.Prefix,
            new("layer", $"Only reads of objects with this layer or cache result: {string.Join(", ", Layers)}."),
            new("method", "Only requests with this HTTP method."),
            new("status", "Only responses with this status (404), or of this class (4xx)."),
            new("rate", $"The most requests a second, {PausesPerSecond} to {MaxRate}; others count as lost. Without it, as many as the "
                + "client reads.") { Type = "integer" },
        ];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Type> Responses => [typeof(TailLine), typeof(TailGap)];

    /// <summary>Chooses requests of a key, a prefix or a bucket; all if none is named.</summary>
    public static Func<AnsweredRequest, bool> FilterOf(CallParameters parameters)
    {
        if (parameters.Bucket is null)
        {
            return parameters.Key is null && parameters.Prefix is null ? static _ => true
                : throw CallParameters.Wrong("bucket", "is missing");
        }

        var scope = parameters.Scope();
        return request => request.Bucket == scope.Bucket && (scope.Key is { } key ? request.Key == key
            : request.Key.StartsWith(scope.Prefix ?? "", StringComparison.Ordinal));
    }

    private static (int Lowest, int Highest) StatusesOf(string? text) =>
        text is null ? (0, int.MaxValue)
        : text is [>= '1' and <= '5' and var first, 'x', 'x'] ? ((first - '0') * 100, ((first - '0') * 100) + 99)
        : WholeNumbers.TryParse(text, out int status) && status is >= 100 and <= 599 ? (status, status)
        : throw CallParameters.Wrong("status", "is a status such as 404, or a class such as 4xx");

    /// <inheritdoc/>
    protected override async IAsyncEnumerable<object> ListAsync(
        MethodCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var wants = FilterOf(call.Parameters);
        var layer = call.Parameters["layer"];
        if (layer is not null && !Layers.Contains(layer))
        {
            throw CallParameters.Wrong("layer", $"is one of {string.Join(", ", Layers)}");
        }

        var method = call.Parameters["method"];
        var (lowest, highest) = StatusesOf(call.Parameters["status"]);
        var rate = call.Parameters.Number("rate", PausesPerSecond, MaxRate, 0);
        using var reader = _tail.Watch(
            request => wants(request)
                && (layer is null || request.Layer == layer || string.Equals(request.Cache, layer, StringComparison.OrdinalIgnoreCase))
                && (method is null || string.Equals(request.Method, method, StringComparison.OrdinalIgnoreCase))
                && request.Status >= lowest && request.Status <= highest,
            rate == 0 ? Capacity : rate / PausesPerSecond);
        var pause = rate == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(1.0 / PausesPerSecond);
        await foreach (var item in reader.ReadAsync(pause, call.Time, cancellationToken))
        {
            if (item.Lost > 0)
            {
                yield return new TailGap(item.Lost);
            }

            if (item.Request is { } request)
            {
                yield return TailLine.Of(request);
            }
        }
    }
}

/// <summary>A request that was answered.</summary>
internal sealed record TailLine
{
    public required DateTimeOffset Time { get; init; }

    [Description("The HTTP method.")]
    public required string Method { get; init; }

    [Description("The operation, as AWS names it.")]
    public required string Operation { get; init; }

    public required string Bucket { get; init; }

    public required string Key { get; init; }

    public required int Status { get; init; }

    [Description("The error code. Absent for none.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    [Description("As x-s3overlay-layer. Absent for anything but reads of objects in buckets with a remote.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Layer { get; init; }

    [Description("As x-cache. Absent for local objects.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Cache { get; init; }

    [Description("Bytes of the response's body.")]
    public required long Bytes { get; init; }

    [Description("From the request to the end of the response.")]
    public required double Seconds { get; init; }

    public static TailLine Of(AnsweredRequest of) => new()
    {
        Time = of.Time,
        Method = of.Method,
        Operation = of.Operation.ToString(),
        Bucket = of.Bucket,
        Key = of.Key,
        Status = of.Status,
        Code = of.Error,
        Layer = of.Layer,
        Cache = of.Cache,
        Bytes = of.Sent,
        Seconds = of.Duration.TotalSeconds,
    };
}

/// <summary>Requests that the reader was too slow for.</summary>
internal sealed record TailGap([property: Description("How many requests are missing here.")] long Lost);

/// <summary><c>GET record</c>: which keys and ranges clients read, for <c>replay</c>.</summary>
internal sealed class RecordMethod : ListMethod<object>
{
    private const int Capacity = 65_536;

    private readonly RequestTail _tail;

    public RecordMethod(RequestTail tail)
        : base("record", "Streams which remote-owned keys and ranges clients read, until the client leaves or the proxy stops.")
    {
        (_tail, IsLive) = (tail, true);
        Parameters = [Parameter.Bucket, Parameter.Key, Parameter.Prefix];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Type> Responses => [typeof(RecordLine), typeof(TailGap)];

    /// <inheritdoc/>
    protected override async IAsyncEnumerable<object> ListAsync(
        MethodCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var wants = TailMethod.FilterOf(call.Parameters);
        using var reader = _tail.Watch(request => request.IsRemoteRead && wants(request), Capacity);
        await foreach (var item in reader.ReadAsync(cancellationToken))
        {
            if (item.Lost > 0)
            {
                yield return new TailGap(item.Lost);
            }

            if (item.Request is { } read)
            {
                yield return new RecordLine(read.Bucket, read.Key, RecordLine.TextOf(read.Range), read.Size, read.ETag!);
            }
        }
    }
}

/// <summary>A read of a remote-owned object.</summary>
internal sealed record RecordLine(
    string Bucket,
    string Key,
    [property: Description("The bytes, as in a Range header. Absent for the whole object.")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Range,
    [property: Description("Size of the whole object.")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Size,
    [property: JsonPropertyName("etag")] string ETag)
{
    /// <summary>A range as in a Range header; null for none.</summary>
    public static string? TextOf(ByteRange? range) => range is { } bytes ? FormattableString.Invariant($"bytes={bytes.First}-{bytes.Last}")
        : null;

    /// <summary>What to warm for it.</summary>
    public RecordedRead ToRead() => new(Bucket, Key, RangeHeader.Parse(Range), Size);
}
