using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>Written objects and tombstones of a local layer, with what they hide of the remote (rule P1).</summary>
public interface ILocalChanges
{
    /// <summary>
    /// Changed keys of a bucket in UTF-8 byte order that start with <paramref name="prefix"/> and come strictly after
    /// <paramref name="after"/> (empty: from the start). A store behind a network leaves out what takes a call per key. Reads only as far
    /// as it is enumerated.
    /// </summary>
    IAsyncEnumerable<LocalChange> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken);

    /// <summary>A key's change now, complete; null if it is neither written nor deleted here.</summary>
    ValueTask<LocalChange?> FindAsync(string bucket, string key, CancellationToken cancellationToken);

    /// <summary>The same change with its base and its object's metadata; null if it was undone since it was listed.</summary>
    ValueTask<LocalChange?> CompleteAsync(string bucket, LocalChange change, CancellationToken cancellationToken);

    /// <summary>A written object's tags as a query string; null if it has none.</summary>
    ValueTask<string?> TagsAsync(string bucket, LocalChange change, CancellationToken cancellationToken);

    /// <summary>
    /// Removes a key's object and tombstone, so that the remote shows: at once, or the tombstone first. The caller holds the key's lock. A
    /// reader sees what was there or the remote's object, and never a 404 between them.
    /// </summary>
    ValueTask<RevertOutcome> RevertAsync(string bucket, string key, LocalRevert what, CancellationToken cancellationToken);

    /// <summary>Merges written objects and tombstones, each in key order, into changes.</summary>
    protected static async IAsyncEnumerable<LocalChange> MergeAsync(
        IAsyncEnumerable<LocalChange> written, IAsyncEnumerable<Tombstone> tombstones,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var objects = written.GetAsyncEnumerator(cancellationToken);
        await using var graves = tombstones.GetAsyncEnumerator(cancellationToken);

        // Written rows first: of a key that is deleted in between at least one is seen.
        var (hasObject, hasGrave) = (await objects.MoveNextAsync(), await graves.MoveNextAsync());
        while (hasObject || hasGrave)
        {
            var order = !hasObject ? 1 : !hasGrave ? -1 : Utf8Order.Compare(objects.Current.Key, graves.Current.Key);
            var (change, grave) = (order <= 0 ? objects.Current : null, order >= 0 ? graves.Current : null);
            yield return Of(change, grave)!;
            hasObject = order <= 0 ? await objects.MoveNextAsync() : hasObject;
            hasGrave = order >= 0 ? await graves.MoveNextAsync() : hasGrave;
        }
    }

    /// <summary>A key's change; null if it has neither an object nor a tombstone.</summary>
    /// <remarks>A tombstone is older than an object written since, so what it hides is what counts.</remarks>
    protected static LocalChange? Of(LocalChange? written, Tombstone? tombstone) => tombstone is null ? written
        : (written ?? new LocalChange(tombstone.Key) { At = tombstone.Made }) with
        {
            Tombstone = tombstone, Base = tombstone.Base ?? written?.Base,
        };
}

/// <summary>A key that was written or deleted here.</summary>
/// <param name="Key">The key.</param>
public sealed record LocalChange(string Key)
{
    /// <summary>The written object; null if the key is deleted.</summary>
    public ObjectInfo? Written { get; init; }

    /// <summary>
    /// Identifies this written object among later ones of the key, also those with the same bytes, as far as the layer can.
    /// </summary>
    public string Stamp { get; init; } = "";

    /// <summary>The tombstone, also below a written object; null for none.</summary>
    public Tombstone? Tombstone { get; init; }

    /// <summary>What the change hides; null if nothing is recorded, or not listed.</summary>
    public RemoteBase? Base { get; init; }

    /// <summary>When the key was written or deleted, by this proxy's clock; null if the layer keeps no date.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>A written object's tags as a query string, if the listing has them at no cost; else null.</summary>
    public string? Tags { get; init; }
}

/// <summary>What a revert of a key may remove.</summary>
public sealed record LocalRevert
{
    /// <summary>
    /// The stamp of the written object, or of the tombstone of a deleted key, that may go; null for any. Anything newer stays.
    /// </summary>
    public string? Only { get; init; }

    /// <summary>True to remove all versions of a key that has several.</summary>
    public bool AllVersions { get; init; }
}

/// <summary>Outcome of reverting a key.</summary>
public enum RevertOutcome
{
    /// <summary>There is nothing to revert.</summary>
    Absent,

    /// <summary>The remote shows again.</summary>
    Reverted,

    /// <summary>It is another object or delete than the one meant, or changed during the revert.</summary>
    Changed,

    /// <summary>Its tombstone is younger than a minute, and another proxy may still be deleting the key.</summary>
    Young,

    /// <summary>It has several local versions, and removing all of them was not asked for.</summary>
    HasVersions,

    /// <summary>A version is locked, or the store refuses to remove it. The key is as it was.</summary>
    Locked,
}
