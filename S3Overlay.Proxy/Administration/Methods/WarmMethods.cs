using System.ComponentModel;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

using S3Overlay.Proxy.Administration.Cache;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>POST warm</c>: brings objects into the cache before they are read.</summary>
internal sealed class WarmMethod : WorkMethod<WarmProgress>
{
    /// <summary>Objects at a time, unless the caller says otherwise: as many as rclone transfers.</summary>
    public const int DefaultParallel = 8;

    private const int MaxParallel = 256;

    private readonly Warming? _warming;

    /// <param name="warming">Brings objects; null while caching is off.</param>
    public WarmMethod(Warming? warming)
        : base("warm", "Brings objects into the cache, only what is missing, and stops before it evicts what it brought.")
    {
        _warming = warming;
        Parameters =
        [
            Parameter.Bucket with { IsRequired = true }, Parameter.Key, Parameter.Prefix, Parallel,
            new("newer-than", "Only objects that changed since: a time (2026-11-26T00:00:00Z), or how long ago (36h, 7d)."),
            new("include", "Only keys that match one of these patterns, one a line: * ? ** {a,b}; without a / only the last part of the "
                + "key is compared."),
            new("exclude", "Not the keys that match one of these patterns, one a line."),
            new("ranges", "Only these bytes of each object, in whole blocks or chunks, separated by commas: head:64KiB, tail:1MiB."),
            Parameter.DryRun,
        ];
    }

    /// <summary>How many objects at a time.</summary>
    public static Parameter Parallel { get; } =
        new("parallel", $"Objects at a time, 1 to {MaxParallel}. The default is {DefaultParallel}.") { Type = "integer" };

    /// <summary>The value of <see cref="Parallel"/>.</summary>
    public static int ParallelOf(CallParameters parameters) => parameters.Number("parallel", 1, MaxParallel, DefaultParallel);

    /// <inheritdoc/>
    protected override Work Begin(MethodCall call)
    {
        var (warming, count) = (CacheOff.Require(_warming), new WarmCount());
        var request = new WarmRequest
        {
            Scope = PinMethod.ScopeOf(call),
            Parallel = ParallelOf(call.Parameters),
            NewerThan = WarmParameters.NewerThan(call.Parameters["newer-than"], call.Time.GetUtcNow()),
            Filter = WarmParameters.Filter(call.Parameters["include"], call.Parameters["exclude"]),
            Ranges = WarmParameters.Ranges(call.Parameters["ranges"]),
            IsDryRun = call.Parameters.IsDryRun,
        };
        return new(token => warming.WarmAsync(request, count, token), () => WarmProgress.Of(count));
    }
}

/// <summary><c>POST replay</c>: brings what a recording says into the cache.</summary>
internal sealed class ReplayMethod : WorkMethod<WarmProgress>
{
    /// <summary>A key of 1024 bytes, escaped, and the rest.</summary>
    private const int LongestLine = 16 << 10;

    private readonly Warming? _warming;

    /// <param name="warming">Brings objects; null while caching is off.</param>
    public ReplayMethod(Warming? warming)
        : base("replay", "Brings what a recording of record says into the cache. The request's body is the recording.")
    {
        (_warming, Body) = (warming, ProgressResponses.ContentType);
        Parameters = [WarmMethod.Parallel, Parameter.DryRun];
    }

    /// <inheritdoc/>
    protected override Work Begin(MethodCall call)
    {
        var (warming, count, parallel) = (CacheOff.Require(_warming), new WarmCount(), WarmMethod.ParallelOf(call.Parameters));
        return new(
            token => warming.ReplayAsync(ReadAsync(call.Request.Body, token), parallel, call.Parameters.IsDryRun, count, token),
            () => WarmProgress.Of(count));
    }

    /// <summary>The reads in a body of JSON lines. Lines that say how many reads are missing, and the last one, are no reads.</summary>
    private static async IAsyncEnumerable<RecordedRead> ReadAsync(S3Body body, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(new BodyStream(body));
        for (var number = 1; await reader.ReadLineAsync(cancellationToken) is { } line; number++)
        {
            if (line.Length > LongestLine)
            {
                throw Malformed(number, "it is too long", null);
            }

            if (line.Length > 0 && Parse(line, number) is { } read)
            {
                yield return read;
            }
        }
    }

    private static RecordedRead? Parse(string line, int number)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && (root.TryGetProperty("lost", out _) || root.TryGetProperty("done", out _)))
            {
                return null;
            }

            if (root.Deserialize<RecordLine>(AdministrationJson.Options) is not { Bucket.Length: > 0, Key.Length: > 0 } read)
            {
                throw Malformed(number, "it has no bucket or key", null);
            }

            ObjectKeys.Check(read.Key);
            return read.ToRead();
        }
        catch (JsonException failure)
        {
            throw Malformed(number, failure.Message, failure);
        }
    }

    private static S3Exception Malformed(int line, string problem, Exception? cause) => new(
        S3Errors.InvalidArgument, string.Create(CultureInfo.InvariantCulture, $"Line {line} is not of a recording: {problem}."), cause);

    private sealed class BodyStream(S3Body body) : ForwardStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            body.ReadAsync(buffer, cancellationToken);
    }
}

/// <summary>Progress and result of warming.</summary>
internal sealed record WarmProgress
{
    [Description("Objects of which bytes were brought.")]
    public required long Brought { get; init; }

    [Description("Bytes brought.")]
    public required long Bytes { get; init; }

    [Description("Objects that were cached before.")]
    public required long Held { get; init; }

    [Description("Bytes that were cached before.")]
    public required long HeldBytes { get; init; }

    [Description("Objects in all, without absent ones. Absent while they are still listed.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Objects { get; init; }

    [Description("Their bytes, cached or not. Absent while they are still listed.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? ObjectBytes { get; init; }

    [Description("Objects that cannot be cached: no strong ETag, or no room in the store.")]
    public required long NotCached { get; init; }

    [Description("Keys that were written or deleted here, or that the remote no longer has.")]
    public required long Absent { get; init; }

    [Description("Objects that the remote did not send.")]
    public required long Failed { get; init; }

    [Description("The first failure. Absent for none.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Problem { get; init; }

    [Description("Why it stopped before the end: the cache is full. Absent if it did not.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FullCache? Stopped { get; init; }

    public static WarmProgress Of(WarmCount count) => new()
    {
        Brought = count.Brought,
        Bytes = count.BroughtBytes,
        Held = count.Held,
        HeldBytes = count.HeldBytes,
        Objects = count.IsListed ? count.Listed : null,
        ObjectBytes = count.IsListed ? count.ListedBytes : null,
        NotCached = count.NotCached,
        Absent = count.Absent,
        Failed = count.Failed,
        Problem = count.Problem,
        Stopped = count.Stop is { } stop ? new FullCache(stop.Limit, stop.Next) : null,
    };
}

/// <summary>More would evict what was brought.</summary>
internal sealed record FullCache(
    [property: Description("Bytes that there is room for beside what is pinned; null if the disk is short of space.")] long? Room,
    [property: Description("Bytes that the next object needs.")] long Next);
