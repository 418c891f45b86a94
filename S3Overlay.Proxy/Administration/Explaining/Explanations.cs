using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Administration.Explaining;

/// <summary>
/// Reports what all layers have of a key or bucket. Changes nothing, except that a key seen at the remote leaves the negative cache.
/// </summary>
internal sealed class Explanations(LocalLayer local, IRemoteReader? reader, BucketDirectory directory, TimeProvider time)
{
    private readonly LocalObjects _objects = new(local.Service, new EncryptedObjects(local.State, local.Versions));

    /// <summary>
    /// Explains a key. The local layer is read in the overlay's own name: the administrator may have no access of their own there.
    /// </summary>
    public async Task<KeyReport> OfKeyAsync(S3Request origin, string bucket, string key, bool asksRemote,
        CancellationToken cancellationToken)
    {
        // In the order of a read: written first, so that a key deleted in between is found as one or the other.
        var state = await local.State.ResolveAsync(bucket, key, cancellationToken);
        var written = state == KeyState.Written
            ? await _objects.HeadAsync(origin with { Caller = S3Caller.Overlay }, bucket, key, cancellationToken) : null;
        var bucketState = await local.State.ResolveBucketAsync(bucket, cancellationToken);
        var tombstone = bucketState.IsOpaque ? null : await local.Marks.FindAsync(bucket, key, cancellationToken);
        var below = directory.Below(bucket)?.Of(key);

        // Before the entry: what has come in between is then in both, and not in neither.
        var coming = below is null ? [] : reader?.OnTheirWay(bucket, key) ?? [];
        var cached = below is null ? null : await CachedAsync(bucket, key, below, cancellationToken);
        var remote = below is null ? null : await RemoteAsync(below, below.RemoteKey(key), asksRemote, cancellationToken);
        if (remote is { Finding: RemoteFinding.Found })
        {
            // Otherwise the next read could still be a 404 from the negative cache.
            reader?.NoteListed(bucket, key);
        }

        var reason = written is not null ? KeyReason.Written
            : bucketState.IsOpaque && below is not null ? KeyReason.BucketDeleted
            : below is null ? KeyReason.Absent
            : tombstone is not null ? KeyReason.Deleted
            : IsRead(cached, remote!) ? cached!.IsWhole ? KeyReason.Cached : KeyReason.PartlyCached
            : remote!.Finding switch
            {
                RemoteFinding.Found => KeyReason.Remote,
                RemoteFinding.Absent => KeyReason.Absent,
                _ => KeyReason.Unknown,
            };
        return new KeyReport(reason)
        {
            Written = written,
            Tombstone = tombstone,
            Cached = cached,
            Remote = remote,
            OnTheirWay = coming,
            Pin = PinOf(bucket, key),
        };
    }

    /// <summary>The pin of a key: its own before that of a prefix, and a longer prefix before a shorter one.</summary>
    private CachePin? PinOf(string bucket, string key) => (local.Pins?.All ?? []).Where(pin => pin.Has(bucket, key))
        .OrderBy(static pin => pin.IsPrefix).ThenByDescending(static pin => pin.Name.Length).FirstOrDefault();

    /// <summary>Explains a bucket.</summary>
    public async Task<BucketReport> OfBucketAsync(string bucket, bool asksRemote, CancellationToken cancellationToken)
    {
        var state = await local.State.ResolveBucketAsync(bucket, cancellationToken);
        var routes = directory.Below(bucket);
        var whole = routes?.Whole is { } below ? RemoteAsync(below, null, asksRemote, cancellationToken)
            : Task.FromResult<RemoteReport?>(null);
        var parts = (routes?.Parts ?? []).Select(part => RemoteAsync(part, null, asksRemote, cancellationToken)).ToList();
        return new BucketReport(state, directory.IsMapped(bucket), await whole) { Parts = (await Task.WhenAll(parts))! };
    }

    /// <summary>
    /// True if a read uses the entry. One that is not fresh is used only if the remote says that it is current or refuses access (rule S1).
    /// </summary>
    private static bool IsRead(CacheReport? cached, RemoteReport remote) =>
        cached is { IsUsable: true }
            && (cached.IsFresh || remote.Finding == RemoteFinding.Refused || (remote.Info is { } now && cached.IsOf(now)));

    private async Task<CacheReport?> CachedAsync(string bucket, string key, RemoteBucket below, CancellationToken cancellationToken)
    {
        try
        {
            if (local.Cache is null || await local.Cache.DescribeAsync(bucket, key, cancellationToken) is not { } entry)
            {
                return null;
            }

            return new CacheReport(
                entry.Info, entry.Bytes, entry.Identity.ChunkSize, entry.ValidatedAt, time.GetUtcNow() - entry.ValidatedAt,
                reader?.CanUse(entry.Identity, entry.Info, key, below) ?? false, reader?.IsFresh(entry.ValidatedAt) ?? false)
            {
                Runs = entry.Runs,
            };
        }
        catch (IOException failure)
        {
            throw new S3Exception(S3Errors.ServiceUnavailable, "The cache entry of the key cannot be read at the moment.", failure);
        }
    }

    /// <summary>Sends one HEAD to the remote if requested. Any outcome becomes part of the report.</summary>
    private static async Task<RemoteReport?> RemoteAsync(RemoteBucket below, string? key, bool asks, CancellationToken cancellationToken)
    {
        if (!asks)
        {
            return new RemoteReport(below, key, RemoteFinding.NotAsked);
        }

        try
        {
            if (key is null)
            {
                var exists = await below.Remote.BucketExistsAsync(below.Name, cancellationToken);
                return new RemoteReport(below, null, exists ? RemoteFinding.Found : RemoteFinding.Absent);
            }

            await using var head = await below.Remote.HeadAsync(new RemoteRead(below.Name, key), cancellationToken);
            return new RemoteReport(below, key, RemoteFinding.Found) { Info = head.Info };
        }
        catch (RemoteException failure)
        {
            return failure.Failure switch
            {
                RemoteFailure.NoSuchKey => new RemoteReport(below, key, RemoteFinding.Absent),
                RemoteFailure.NoSuchBucket => new RemoteReport(below, key, RemoteFinding.Absent)
                    { Problem = "The remote has no such bucket." },
                RemoteFailure.AccessDenied => new RemoteReport(below, key, RemoteFinding.Refused) { Problem = failure.Message },
                _ => new RemoteReport(below, key, RemoteFinding.Failed) { Problem = failure.Message },
            };
        }
    }
}
