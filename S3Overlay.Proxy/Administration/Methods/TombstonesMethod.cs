using System.ComponentModel;
using System.Text.Json.Serialization;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>GET tombstones</c>: the deleted keys of a bucket, a page at a time; without a bucket, the buckets that have any.</summary>
internal sealed class TombstonesMethod : DocumentMethod<object>
{
    private const int DefaultLimit = 1000;
    private const int MaxLimit = 10_000;

    private readonly LocalLayer _local;

    public TombstonesMethod(LocalLayer local)
        : base("GET", "tombstones", "Lists the keys deleted in a bucket. Without a bucket, lists the buckets that have deletes.")
    {
        _local = local;
        Parameters =
        [
            Parameter.Bucket, Parameter.Prefix,
            new("limit", $"The most rows to return, 1 to {MaxLimit}. The default is {DefaultLimit}.") { Type = "integer" },
            new("token", "Continues a list: the last page's next."),
        ];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Type> Responses => [typeof(TombstonesPage), typeof(MarkedBucketsPage)];

    /// <inheritdoc/>
    protected override async Task<(object Document, string Result)> GetAsync(MethodCall call, CancellationToken cancellationToken)
    {
        var (bucket, prefix) = (call.Parameters.Bucket, call.Parameters.Prefix);
        var (limit, after) = (call.Parameters.Number("limit", 1, MaxLimit, DefaultLimit), PlaceOf(call.Parameters["token"]));
        if (bucket is null)
        {
            return prefix is not null ? throw CallParameters.Wrong("bucket", "is missing")
                : await ListBucketsAsync(limit, after, cancellationToken);
        }

        var isOpaque = await IsDeletedAsync(bucket, cancellationToken);
        var rows = new List<TombstoneRow>();
        if (!isOpaque)
        {
            await foreach (var tombstone in _local.Marks.ListAsync(bucket, prefix ?? "", after, cancellationToken).Take(limit + 1))
            {
                rows.Add(new TombstoneRow(tombstone.Key, tombstone.Made));
            }
        }

        if (rows.Count == 0 && !isOpaque && after.Length == 0)
        {
            await call.Targets.RequireBucketAsync(bucket, cancellationToken);
        }

        var next = Next(rows, limit, static row => row.Key);
        return (new TombstonesPage(bucket, prefix ?? "", isOpaque, rows, next), $"{rows.Count} listed");
    }

    private async Task<(object Document, string Result)> ListBucketsAsync(int limit, string after, CancellationToken cancellationToken)
    {
        var rows = new List<MarkedBucket>();
        await foreach (var name in _local.Marks.ListBucketsAsync(cancellationToken)
            .Where(name => string.CompareOrdinal(name, after) > 0).Take(limit + 1))
        {
            rows.Add(new MarkedBucket(name, await IsDeletedAsync(name, cancellationToken)));
        }

        var next = Next(rows, limit, static row => row.Bucket);
        return (new MarkedBucketsPage(rows, next), $"{rows.Count} listed");
    }

    private async ValueTask<bool> IsDeletedAsync(string bucket, CancellationToken cancellationToken) =>
        (await _local.State.ResolveBucketAsync(bucket, cancellationToken)).IsOpaque;

    /// <summary>Removes the row after the page, if there is one, and returns the token that continues there.</summary>
    private static string? Next<T>(List<T> rows, int limit, Func<T, string> nameOf)
    {
        if (rows.Count <= limit)
        {
            return null;
        }

        rows.RemoveAt(limit);
        return ContinuationTokens.Write(new ListingPosition(nameOf(rows[^1]), false));
    }

    private static string PlaceOf(string? token)
    {
        try
        {
            return token is null ? "" : ContinuationTokens.Read(token).Name;
        }
        catch (S3Exception)
        {
            throw CallParameters.Wrong("token", "is none of this server's");
        }
    }
}

/// <summary>A page of deleted keys.</summary>
internal sealed record TombstonesPage(
    string Bucket,
    string Prefix,
    [property: Description("True if the bucket itself was deleted, which hides everything that its remote has.")] bool BucketDeleted,
    IReadOnlyList<TombstoneRow> Tombstones,
    [property: Description("The token of the next page; null at the end.")] string? Next);

/// <summary>A deleted key.</summary>
internal sealed record TombstoneRow(
    string Key,
    [property: Description("When it was deleted, if the store records it.")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? Deleted);

/// <summary>A page of buckets with deletes.</summary>
internal sealed record MarkedBucketsPage(
    IReadOnlyList<MarkedBucket> Buckets,
    [property: Description("The token of the next page; null at the end.")] string? Next);

/// <summary>A bucket that has deletes.</summary>
internal sealed record MarkedBucket(
    string Bucket,
    [property: Description("True if the bucket itself was deleted.")] bool BucketDeleted);
