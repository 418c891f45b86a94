using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Testing;

/// <summary>Reads what an overlay's local layer has: by bucket, in key order, written objects and tombstones in turn.</summary>
internal static class ChangeReader
{
    public static async IAsyncEnumerable<S3Change> ReadAsync(
        ProxyServices services, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var state = services.Local.State;
        var buckets = new SortedSet<string>(StringComparer.Ordinal);
        buckets.UnionWith((await state.ListBucketsAsync(cancellationToken)).Select(static bucket => bucket.Name));
        await foreach (var bucket in services.Local.Marks.ListBucketsAsync(cancellationToken))
        {
            buckets.Add(bucket);
        }

        foreach (var bucket in buckets)
        {
            if (await state.ResolveBucketAsync(bucket, cancellationToken) is { Exists: false, IsOpaque: true })
            {
                yield return new S3Change(S3ChangeKind.Deleted, bucket, "");
                continue;
            }

            await foreach (var change in ReadBucketAsync(services, bucket, cancellationToken))
            {
                yield return change;
            }
        }
    }

    private static async IAsyncEnumerable<S3Change> ReadBucketAsync(
        ProxyServices services, string bucket, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var state = services.Local.State;
        await using var written = state.ListWritten(bucket, new ListingQuery("", "", ListingPosition.Start, 1000));
        await using var deleted = state.ListDeletedAsync(bucket, "", "", cancellationToken).GetAsyncEnumerator(cancellationToken);
        var row = await written.NextAsync(cancellationToken);
        var tombstone = await NextAsync(deleted);
        while (row is not null || tombstone is not null)
        {
            if (row is null || (tombstone is not null && Utf8Order.Compare(tombstone, row.Name) < 0))
            {
                // A tombstone of a key that was only ever written here hides nothing.
                if (await IsInRemoteAsync(services, bucket, tombstone!, cancellationToken))
                {
                    yield return new S3Change(S3ChangeKind.Deleted, bucket, tombstone!);
                }

                tombstone = await NextAsync(deleted);
                continue;
            }

            var kind = await IsInRemoteAsync(services, bucket, row.Name, cancellationToken)
                ? S3ChangeKind.Overwritten : S3ChangeKind.Added;
            yield return new S3Change(kind, bucket, row.Name, row.Object!.Size, row.Object.ETag);
            row = await written.NextAsync(cancellationToken);
        }
    }

    private static async ValueTask<string?> NextAsync(IAsyncEnumerator<string> keys) => await keys.MoveNextAsync() ? keys.Current : null;

    private static async ValueTask<bool> IsInRemoteAsync(
        ProxyServices services, string bucket, string key, CancellationToken cancellationToken) =>
        services.Remotes?.Buckets.Find(bucket)?.Of(key) is { } place
        && await services.Overlay!.Reader.HeadAsync(bucket, key, place, mayBeStale: true, cancellationToken) is not null;
}
