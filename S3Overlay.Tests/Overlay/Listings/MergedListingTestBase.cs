using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Listings;

/// <summary>Two layers in memory, and pages of what both show.</summary>
public abstract class MergedListingTestBase
{
    protected const string Bucket = "bucket";

    protected MergedListingTestBase() => Remote.AddBucket("below");

    protected InMemoryLayer Layer { get; } = new();

    protected InMemoryRemote Remote { get; } = new();

    protected RemoteBucket Below => new(Remote, "below", "");

    /// <summary>All rows of a listing, walked through by tokens; every page but the last is full.</summary>
    protected static async Task<List<ListingRow>> WalkAsync(InMemoryLayer layer, RemoteBucket below, ListingQuery query, int pageSize)
    {
        var all = new List<ListingRow>();
        while (true)
        {
            var (rows, hasMore) = await PageAsync(layer, below, query, pageSize);
            Assert.True(all.Count == 0 || rows.Count > 0, "A page was promised, and is empty.");
            all.AddRange(rows);
            if (!hasMore)
            {
                return all;
            }

            Assert.Equal(pageSize, rows.Count);
            query = query with { After = new ListingPosition(rows[^1].Name, rows[^1].IsPrefix) };
        }
    }

    /// <summary>One page, and whether there is another.</summary>
    protected static async Task<(List<ListingRow> Rows, bool HasMore)> PageAsync(
        InMemoryLayer layer, RemoteBucket below, ListingQuery query, int pageSize)
    {
        await using var source = new MergedListingSource(layer, null, Bucket, new BucketRoutes(below), query, NullLogger.Instance);
        var rows = new List<ListingRow>();
        while (rows.Count < pageSize && await source.NextAsync(default) is { } row)
        {
            rows.Add(row);
        }

        return (rows, rows.Count == pageSize && await source.HasMoreAsync(default));
    }

    /// <summary>The information about an object with a text as its bytes.</summary>
    protected static ObjectInfo Info(string text) => new()
    {
        Size = text.Length,
        ETag = $"\"{text.GetHashCode(StringComparison.Ordinal):x8}\"",
        LastModified = new DateTimeOffset(2025, 1, 2, 3, 4, 5, TimeSpan.Zero),
    };

    /// <summary>Writes a key into the bucket.</summary>
    protected ObjectInfo Write(string key)
    {
        var info = Info("written " + key);
        Layer.Write(Bucket, key, info);
        return info;
    }
}
