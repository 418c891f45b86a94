using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>Removes a key's object and tombstone from an S3 endpoint, so that the remote shows.</summary>
/// <remarks>
/// <code>
///   1 object, tombstone    are looked up
///   2 versions             if the key has any: their locks, before anything is removed
///   3 tombstone            is removed, if it is still the same one
///   4 object               is removed, if it is still the same one; of several versions the oldest first
/// </code>
/// The key reads as written until step 4 ends, and then as the remote's: no step leaves it without both. A revert that stops in between
/// leaves the object without its tombstone, and the next one completes it. If the store refuses the first removal of step 4, the tombstone
/// is put back.
///
/// Many stores have no conditional deletes. There the key's lock keeps this proxy's clients from writing in between;
/// where other proxies write too, the revert is refused.
/// </remarks>
internal sealed class StoreReverts(LocalStore store, StoreLayerState state, StoreMarks marks, StoreVersions versions, StoreProbe probe)
{
    /// <summary>How often a key is tried that clients write at the same time.</summary>
    private const int Attempts = 3;

    /// <summary>Longer than any call of another proxy's delete is retried.</summary>
    private static readonly TimeSpan LongestDelete = TimeSpan.FromMinutes(1);

    /// <summary>Finds the written object of a key.</summary>
    internal delegate Task<LocalChange?> Find(string bucket, string key, CancellationToken cancellationToken);

    /// <summary>See <see cref="ILocalChanges.RevertAsync"/>.</summary>
    /// <exception cref="S3Exception">NotImplemented: other proxies may write the key at the same time.</exception>
    public async ValueTask<RevertOutcome> RevertAsync(string bucket, string key, LocalRevert what, Find find,
        CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var outcome = await RevertOnceAsync(bucket, key, what, find, cancellationToken);
            if (outcome != RevertOutcome.Changed || what.Only is not null || attempt == Attempts)
            {
                return outcome;
            }
        }
    }

    private async Task<RevertOutcome> RevertOnceAsync(string bucket, string key, LocalRevert what, Find find,
        CancellationToken cancellationToken)
    {
        var written = await find(bucket, key, cancellationToken);
        var tombstone = await state.Tombstones.FindNamedAsync(bucket, key, cancellationToken);
        if ((written?.Stamp ?? tombstone?.Stamp) is not { } stamp)
        {
            return RevertOutcome.Absent;
        }

        if (what.Only is not null && what.Only != stamp)
        {
            return RevertOutcome.Changed;
        }

        if (!store.IsAlone && tombstone is not null && !(store.Calls.Now - tombstone.Made >= LongestDelete))
        {
            return RevertOutcome.Young;
        }

        var version = written?.Written!.Header("x-amz-version-id");
        var isVersioned = version is { Length: > 0 } and not "null" || tombstone is { Marker: not null } or { Over: not null };
        if (!isVersioned)
        {
            if (written is not null && !store.IsAlone && !(await probe.GetAsync(cancellationToken)).DeletesIfMatch)
            {
                throw LocalConditions.NotJudged();
            }

            return await RemoveAsync(bucket, tombstone, written is null ? [] : [new(key, null, written.Written!.ETag)], cancellationToken);
        }

        if (written is null && !what.AllVersions)
        {
            // Older versions stay, as history.
            return await RemoveAsync(bucket, tombstone, [], cancellationToken);
        }

        var all = await versions.ListOfAsync(bucket, key, cancellationToken)
            .Select(row => new Removal(key, row.VersionId, row.Object?.ETag)).ToListAsync(cancellationToken);
        if (all.Count > 1 && !what.AllVersions)
        {
            return RevertOutcome.HasVersions;
        }

        if (written is not null && (all.Count == 0 || all[0].VersionId != version))
        {
            return RevertOutcome.Changed;
        }

        foreach (var each in all)
        {
            if (each.ETag is not null && await IsLockedAsync(bucket, each, cancellationToken))
            {
                return RevertOutcome.Locked;
            }
        }

        all.Reverse();
        return await RemoveAsync(bucket, tombstone, all, cancellationToken);
    }

    /// <summary>Removes the tombstone, then the objects in order.</summary>
    private async Task<RevertOutcome> RemoveAsync(string bucket, Tombstone? tombstone, IReadOnlyList<Removal> removals,
        CancellationToken cancellationToken)
    {
        var isConditional = (await probe.GetAsync(cancellationToken)).DeletesIfMatch;
        if (tombstone is not null && await marks.TakeAsync(bucket, tombstone, cancellationToken) == UndeleteOutcome.Kept)
        {
            return RevertOutcome.Changed;
        }

        for (var i = 0; i < removals.Count; i++)
        {
            // From here on it completes even if the caller leaves.
            var outcome = await RemoveAsync(bucket, removals[i], isConditional);
            if (outcome == RevertOutcome.Reverted)
            {
                continue;
            }

            if (outcome == RevertOutcome.Locked && i == 0 && tombstone is not null)
            {
                var mark = Mark.Tombstone(bucket, tombstone.Key, tombstone.Base) with { Marker = tombstone.Marker, Over = tombstone.Over };
                await state.Tombstones.PutAsync(mark, CancellationToken.None);
            }

            return outcome;
        }

        return RevertOutcome.Reverted;
    }

    private async Task<RevertOutcome> RemoveAsync(string bucket, Removal removal, bool isConditional)
    {
        KeyValuePair<string, string>[] headers = isConditional && removal is { VersionId: null, ETag: { Length: > 0 } etag }
            ? [new("If-Match", etag)] : [];
        using var response = await store.Calls.SendAsync(
            new WireRequest("DELETE", bucket, removal.Key, QueryOf(removal.VersionId), headers), CancellationToken.None);
        return response.Status switch
        {
            < 300 or 404 => RevertOutcome.Reverted,
            409 or 412 => RevertOutcome.Changed,
            401 or 403 or 405 => RevertOutcome.Locked,
            _ => throw await StoreCalls.RefusedAsync(response, CancellationToken.None),
        };
    }

    /// <summary>True if a version may not be deleted now. A store without locks has none of these headers.</summary>
    private async Task<bool> IsLockedAsync(string bucket, Removal version, CancellationToken cancellationToken)
    {
        using var response = await store.Calls.SendAsync(new WireRequest("HEAD", bucket, version.Key, QueryOf(version.VersionId)),
            cancellationToken);
        return response.Header("x-amz-object-lock-legal-hold") is "ON"
            || (response.Header("x-amz-object-lock-retain-until-date") is { } until
                && (!DateTimeOffset.TryParse(until, System.Globalization.CultureInfo.InvariantCulture, out var date)
                    || date > store.Calls.Now));
    }

    private static string QueryOf(string? versionId) =>
        versionId is null ? "" : "versionId=" + UriEncoding.EncodeComponent(versionId);

    /// <summary>An object, or one of its versions, to be removed.</summary>
    /// <param name="VersionId">The version; null for the object itself.</param>
    /// <param name="ETag">Null for a delete marker.</param>
    private sealed record Removal(string Key, string? VersionId, string? ETag);
}
