using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Changes;
using S3Overlay.Proxy.Protocol.Listings;

using Microsoft.Extensions.Logging;


namespace S3Overlay.Testing;

/// <summary>
/// Lists the changes of an overlay by bucket and key: as the command <c>changes</c> finds them where there is a remote, and all objects of
/// buckets that have none.
/// </summary>
internal static class ChangeListing
{
    public static async IAsyncEnumerable<S3Change> ReadAsync(
        ProxyServices services, ILogger logger, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var local = services.Local;
        var buckets = new SortedSet<string>(StringComparer.Ordinal);
        buckets.UnionWith((await local.State.ListBucketsAsync(cancellationToken)).Select(static bucket => bucket.Name));
        await foreach (var bucket in local.Marks.ListBucketsAsync(cancellationToken))
        {
            buckets.Add(bucket);
        }

        var directory = services.Overlay?.Service.Directory;
        var overlaid = directory is null ? null : new ChangeReader(local, directory, logger);
        foreach (var bucket in buckets)
        {
            var changes = directory?.Below(bucket) is null
                ? OfLocalBucketAsync(services, bucket, cancellationToken)
                : overlaid!.ListAsync(new AdministrationScope(bucket, null, null), cancellationToken).Select(Convert);
            await foreach (var change in changes)
            {
                yield return change;
            }
        }
    }

    private static async IAsyncEnumerable<S3Change> OfLocalBucketAsync(
        ProxyServices services, string bucket, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var written = services.Local.State.ListWritten(bucket, new ListingQuery("", "", ListingPosition.Start, 1000));
        while (await written.NextAsync(cancellationToken) is { Object: { } item } row)
        {
            yield return new S3Change(S3ChangeKind.Added, bucket, row.Name, item.Size, item.ETag);
        }
    }

    /// <summary>Whether the written object has other bytes than the remote's is for the test to judge: it was overwritten.</summary>
    private static S3Change Convert(Change change) => new(
        change.Kind switch
        {
            ChangeKind.Added => S3ChangeKind.Added,
            ChangeKind.Deleted => S3ChangeKind.Deleted,
            _ => S3ChangeKind.Overwritten,
        },
        change.Bucket, change.Key ?? "", change.Local?.Written?.Size, change.Local?.Written?.ETag);
}
