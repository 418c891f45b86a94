using System.Globalization;
using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Embedded;

/// <summary>Versions of keys in the built-in store.</summary>
public sealed class EmbeddedVersions(EmbeddedStore store) : ILocalVersions
{
    /// <inheritdoc/>
    public IVersionedRows List(string bucket, ListingQuery query, string versionIdMarker, CancellationToken cancellationToken) =>
        new VersionedRows(ListAsync(bucket, query, versionIdMarker, cancellationToken), static () => 0);

    private async IAsyncEnumerable<VersionRow> ListAsync(
        string bucket, ListingQuery query, string marker, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var behind = marker.Length == 0 ? default(ulong?) : await store.Objects.NumberOfAsync(bucket, query.After.Name, marker);
        await foreach (var row in StoredVersions.ListAsync(store.Rows, bucket, query, behind, cancellationToken))
        {
            yield return row;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<VersionRow> ListOfAsync(
        string bucket, string key, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var versions = await Task.Run(() => store.Rows.VersionsOf(bucket, key), cancellationToken);
        foreach (var (i, row) in versions.Index())
        {
            yield return StoredVersions.Show(key, row, isLatest: i == 0);
        }
    }

    /// <inheritdoc/>
    public async ValueTask RequireUnlockedAsync(string bucket, string key, string versionId, bool bypassesGovernance) =>
        store.Objects.RequireUnlocked(await store.Objects.FindAsync(bucket, key, versionId), bypassesGovernance);

    /// <inheritdoc/>
    public ValueTask NameMarkerAsync(string bucket, string key, string marker, RemoteBase? known, CancellationToken cancellationToken) =>
        new(store.Tombstones.NameAsync(bucket, key, marker, null, known, cancellationToken));

    /// <inheritdoc/>
    public ValueTask MarkOverAsync(string bucket, string key, string version, RemoteBase? known, CancellationToken cancellationToken) =>
        new(store.Tombstones.NameAsync(bucket, key, null, version, known, cancellationToken));

    /// <inheritdoc/>
    public async ValueTask<Tombstone?> FindTombstoneAsync(string bucket, string key, CancellationToken cancellationToken) =>
        await store.Tombstones.FindAsync(bucket, key) is { } row ? EmbeddedTombstones.Show(key, row) : null;

    /// <inheritdoc/>
    public async ValueTask TakeBackAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken) =>
        await store.Tombstones.UndeleteAsync(
            bucket, tombstone.Key, ulong.Parse(tombstone.Stamp, CultureInfo.InvariantCulture), cancellationToken);
}
