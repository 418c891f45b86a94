using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Cache.Freshness;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>What becomes of copies, and of reads that follow them, when the remote or a client here has changed the object.</summary>
/// <param name="fills">What is in use.</param>
/// <param name="copies">What is held.</param>
internal sealed class CachedVersions(Fills fills, CacheEntries copies) : ICachedVersions
{
    /// <inheritdoc/>
    public ValueTask RenewAsync(ObjectName name, string etag, DateTimeOffset validatedAt, ObjectInfo? info) =>
        copies.RenewAsync(name, etag, validatedAt, info);

    /// <inheritdoc/>
    public async ValueTask DropAsync(ObjectName name, string etag)
    {
        await copies.DropAsync(name, etag);
        if (fills.Objects.Find(name) is { } held && held.Copy.Info.ETag == etag)
        {
            held.Retire();
        }
    }

    /// <inheritdoc/>
    public RefillPoint PointOf(ObjectName name) => new(fills.Generations.Of(name.Bucket, name.Key), fills.Objects.Openings(name));

    /// <inheritdoc/>
    public async ValueTask RefillAsync(ObjectName name, RemoteBucket remote, ObjectInfo info, string outdated, RefillPoint since)
    {
        if (fills.Settings.FillOnAbort == FillOnAbort.Drop || !ETags.IsStrong(info.ETag) || copies.ChunkSizeOf(info) > 0
            || PointOf(name) != since)
        {
            return;
        }

        using var read = fills.Telemetry.Follow();
        try
        {
            var (held, unheld, _) = await fills.OpenAsync(name, remote, null, since.Openings, outdated, isFromNow: false, read,
                CancellationToken.None);
            if (unheld is not null)
            {
                await unheld.DisposeAsync();
            }

            if (held is not null)
            {
                await held.LeaveAsync();
            }
        }
        catch (Exception)
        {
            // Nobody waits for it: the next reader asks himself, and is told what is wrong.
        }
    }

    /// <summary>The key was written or deleted here: no fill that began before leaves a copy behind (rule C3).</summary>
    public async ValueTask InvalidateAsync(ObjectName name)
    {
        fills.Generations.Advance(name.Bucket, name.Key);
        fills.Objects.Find(name)?.Retire();
        await copies.DropAllAsync(name);
    }

    /// <summary>No fill that began before leaves a copy behind, whatever it is of. What is held already stays.</summary>
    public void InvalidateAll() => fills.Generations.AdvanceAll();
}
