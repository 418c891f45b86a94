using System.ComponentModel;
using System.Text.Json.Serialization;

using S3Overlay.Proxy.Administration.Cache;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>GET cached</c>: the cache entries of a key, a prefix, a bucket or all of them.</summary>
internal sealed class CachedMethod : ListMethod<CachedItem>
{
    private const int SortedLimit = 1000;
    private const int MaxSortedLimit = 100_000;

    private readonly CachedListing? _entries;

    /// <param name="entries">Lists them; null while caching is off.</param>
    public CachedMethod(CachedListing? entries)
        : base("cached", "Lists cache entries: how much of each object is cached, how old it is, and whether it is pinned.")
    {
        _entries = entries;
        Parameters =
        [
            .. Parameter.Scope,
            new("sort", "The order: key (default), size (the most cached bytes first), age (the oldest first) or used (the longest unused "
                + "first, which is the order of eviction)."),
            new("limit", $"The most entries. Without sort there is no limit; with sort the default is {SortedLimit}, and the most is "
                + $"{MaxSortedLimit}.") { Type = "integer" },
            new("after", "Only entries behind this one in the order of keys, as bucket/key. Not with another sort."),
        ];
    }

    /// <inheritdoc/>
    protected override IAsyncEnumerable<CachedItem> ListAsync(MethodCall call, CancellationToken cancellationToken)
    {
        var sort = call.Parameters["sort"] switch
        {
            null or "key" => CachedSort.Key,
            "size" => CachedSort.Size,
            "age" => CachedSort.Age,
            "used" => CachedSort.Used,
            _ => throw CallParameters.Wrong("sort", "is key, size, age or used"),
        };
        var limit = sort == CachedSort.Key ? call.Parameters.Number("limit", 1, int.MaxValue, int.MaxValue)
            : call.Parameters.Number("limit", 1, MaxSortedLimit, SortedLimit);
        return CacheOff.Require(_entries).ListAsync(call.Parameters.Scope(), sort, limit, AfterOf(call.Parameters, sort), cancellationToken)
            .Select(CachedItem.Of);
    }

    private static ObjectName? AfterOf(CallParameters parameters, CachedSort sort) => parameters["after"] switch
    {
        null => null,
        _ when sort != CachedSort.Key => throw CallParameters.Wrong("after", "is for the order of keys alone"),
        var text => text.Split('/', 2) is [{ Length: > 0 } bucket, var key] ? new ObjectName(bucket, key)
            : throw CallParameters.Wrong("after", "is a bucket, a slash and a key"),
    };
}

/// <summary>A cache entry.</summary>
internal sealed record CachedItem
{
    public required string Bucket { get; init; }

    public required string Key { get; init; }

    [Description("Size of the whole object.")]
    public required long Size { get; init; }

    [Description("Object bytes in the entry.")]
    public required long Bytes { get; init; }

    [Description("Chunks of the object; 1 if it is cached whole.")]
    public required long Chunks { get; init; }

    [Description("Chunks that are complete.")]
    public required long FullChunks { get; init; }

    [JsonPropertyName("etag")]
    public required string ETag { get; init; }

    public required DateTimeOffset LastModified { get; init; }

    [Description("Seconds since the remote last confirmed the version.")]
    public required long Age { get; init; }

    [Description("The last read. Absent on an S3 endpoint without S3_OVERLAY_CACHE_MAX_BYTES; there it is exact to the hour.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? Used { get; init; }

    [Description("fresh: reads use it. stale: the next read asks the remote first. unusable: the settings name another remote or chunk "
        + "size.")]
    public required CachedState State { get; init; }

    public required bool Pinned { get; init; }

    public static CachedItem Of(CachedRow row) => new()
    {
        Bucket = row.Bucket,
        Key = row.Entry.Key,
        Size = row.Entry.Info.Size,
        Bytes = row.Entry.Bytes,
        Chunks = row.Entry.Chunks,
        FullChunks = row.Entry.FullChunks,
        ETag = row.Entry.Info.ETag,
        LastModified = row.Entry.Info.LastModified,
        Age = (long)Math.Max(0, row.Age.TotalSeconds),
        Used = row.Entry.Used,
        State = row.State,
        Pinned = row.IsPinned,
    };
}
