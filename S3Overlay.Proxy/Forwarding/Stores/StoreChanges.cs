using System.Globalization;
using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// Changes in an S3 endpoint. Its listings have neither bases nor metadata, which take a call per key. A written object's stamp is its ETag
/// and date.
/// </summary>
internal sealed class StoreChanges(LocalStore store, StoreLayerState state, StoreReverts reverts) : ILocalChanges
{
    private const string TagCount = "x-amz-tagging-count";

    private static readonly KeyValuePair<string, string>[] WithChecksums = [new("x-amz-checksum-mode", "ENABLED")];

    /// <summary>S3 allows ten tags of 384 characters.</summary>
    private const int LongestTags = 64 << 10;

    /// <inheritdoc/>
    public IAsyncEnumerable<LocalChange> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) =>
        ILocalChanges.MergeAsync(
            ListWrittenAsync(bucket, prefix, after, cancellationToken),
            state.Tombstones.ListAsync(bucket, prefix, after, cancellationToken).Select(Dated), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<LocalChange?> FindAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        var hidden = state.Tombstones.FindNamedAsync(bucket, key, cancellationToken);
        var written = FindWrittenAsync(bucket, key, cancellationToken);
        await Task.WhenAll(hidden, written);
        return ILocalChanges.Of(await written, await hidden is { } tombstone ? Dated(tombstone) : null);
    }

    /// <inheritdoc/>
    public async ValueTask<LocalChange?> CompleteAsync(string bucket, LocalChange change, CancellationToken cancellationToken) =>
        await FindAsync(bucket, change.Key, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<string?> TagsAsync(string bucket, LocalChange change, CancellationToken cancellationToken)
    {
        if (change.Written?.Header(TagCount) is null or "0")
        {
            return null;
        }

        using var response = await store.Calls.SendAsync(new WireRequest("GET", bucket, change.Key, "tagging"), cancellationToken);
        if (response.Status != 200)
        {
            return response.Status == 404 ? null : throw await StoreCalls.RefusedAsync(response, cancellationToken);
        }

        return TagDocuments.ToQuery(S3XmlReader.Parse(await store.Calls.ReadAsync(response, LongestTags, cancellationToken)));
    }

    /// <inheritdoc/>
    public ValueTask<RevertOutcome> RevertAsync(string bucket, string key, LocalRevert what, CancellationToken cancellationToken) =>
        reverts.RevertAsync(bucket, key, what, FindWrittenAsync, cancellationToken);

    private async IAsyncEnumerable<LocalChange> ListWrittenAsync(
        string bucket, string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = new ListingQuery(prefix, "", new ListingPosition(after, false), ListRequest.MaxPage);
        await using var rows = state.ListWritten(bucket, query);
        while (await rows.NextAsync(cancellationToken) is { } row)
        {
            if (row.Object is { } item)
            {
                yield return Of(row.Name, new ObjectInfo { Size = item.Size, ETag = item.ETag, LastModified = item.LastModified });
            }
        }
    }

    /// <summary>The written object. One that is shown only with a client's key is found in a listing.</summary>
    private async Task<LocalChange?> FindWrittenAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        using var response = await store.Calls.SendAsync(new WireRequest("HEAD", bucket, key, "", WithChecksums), cancellationToken);
        if (response.Status < 300)
        {
            return Of(key, response.ObjectInfo(response.ContentLength ?? 0)) with
            {
                Base = HiddenBase.Read(bucket, key, response.Header(HiddenBase.Header)),
            };
        }

        if (response.Status == 404)
        {
            return null;
        }

        await foreach (var listed in ListWrittenAsync(bucket, key, "", cancellationToken))
        {
            return listed.Key == key ? listed : null;
        }

        return null;
    }

    private LocalChange Of(string key, ObjectInfo info) => new(key)
    {
        Written = info,
        Stamp = string.Create(CultureInfo.InvariantCulture, $"{ETags.Bare(info.ETag)}@{info.LastModified.ToUnixTimeSeconds()}"),
        At = HereAt(info.LastModified),
    };

    private Tombstone Dated(Tombstone tombstone) => tombstone with { Made = tombstone.Made is { } made ? HereAt(made) : null };

    /// <summary>A date of the store by this proxy's clock.</summary>
    private DateTimeOffset HereAt(DateTimeOffset date) => date - (store.Calls.Now - store.Time.GetUtcNow());
}
