using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Cache.Freshness;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>Updates entries and their readers when an object changed at the remote or here.</summary>
internal sealed class CachedVersions(Fills fills, CacheEntries entries) : ICachedVersions
{
    /// <inheritdoc/>
    public ValueTask RenewAsync(ObjectName name, string etag, DateTimeOffset validatedAt, ObjectInfo? info) =>
        entries.RenewAsync(name, etag, validatedAt, info);

    /// <inheritdoc/>
    public async ValueTask DropAsync(ObjectName name, string etag)
    {
        await entries.DropAsync(name, etag);
        if (fills.Objects.Find(name) is { } active && active.Entry.Info.ETag == etag)
        {
            active.Retire();
        }
    }

    /// <inheritdoc/>
    public RefillPoint PointOf(ObjectName name) => new(fills.Generations.Of(name.Bucket, name.Key), fills.Objects.Completions(name));

    /// <inheritdoc/>
    public async ValueTask RefillAsync(ObjectName name, RemoteBucket remote, ObjectInfo info, string outdated, RefillPoint since)
    {
        if (fills.Settings.FillOnAbort == FillOnAbort.Drop || !ETags.IsStrong(info.ETag) || entries.ChunkSizeOf(info) > 0
            || PointOf(name) != since)
        {
            return;
        }

        using var read = fills.Telemetry.Follow();
        try
        {
            var start = await fills.OpenAsync(name, remote, null, since.Completions, outdated, isFromNow: false, read,
                CancellationToken.None);
            if (start.Uncached is { } uncached)
            {
                await uncached.DisposeAsync();
            }

            if (start.Active is { } active)
            {
                await active.LeaveAsync();
            }
        }
        catch (Exception)
        {
            // Best effort: the next read asks the remote and gets the error.
        }
    }

    /// <summary>A client wrote or deleted the key: a fill that started earlier must not leave an entry (rule C3).</summary>
    public async ValueTask InvalidateAsync(ObjectName name)
    {
        fills.Generations.Advance(name.Bucket, name.Key);
        fills.Objects.Find(name)?.Retire();
        await entries.DropAllAsync(name);
    }

    /// <summary>Fills that started earlier leave no entry. Existing entries stay.</summary>
    public void InvalidateAll() => fills.Generations.AdvanceAll();
}
