using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// The folder checks of one listing. If one is needed, more will be: a page may have a thousand folders with a deleted file in each. Small
/// folders are read through together, a thousand keys a call; large ones are checked one by one, a few in parallel.
/// </summary>
/// <remarks>
/// The keys show which way is better. If a page of keys decides fewer than <see cref="Worthwhile"/> folders, the next <see cref="Ahead"/>
/// are checked one by one before the next try, and twice as many each further time. So there are never more calls than one check per
/// folder, plus one for every <see cref="Ahead"/>.
/// </remarks>
public sealed class PrefixProbes(PrefixProbe probe, PrefixReading reading) : IAsyncDisposable
{
    /// <summary>Folders checked in parallel.</summary>
    private const int Ahead = 8;

    /// <summary>Folders with deleted keys that a page must decide to be better than a check of each.</summary>
    private const int Worthwhile = 3;

    /// <summary>Size of the first page of keys, per row that the listing has room for.</summary>
    private const int KeysARow = 16;

    private const int LeastKeys = 256;

    private readonly Dictionary<string, Task<bool>> _running = new(StringComparer.Ordinal);
    private readonly List<Task> _unneeded = [];
    private readonly CancellationTokenSource _left = new();
    private Dictionary<string, bool> _read = [];
    private int _byThemselves;
    private int _attempts;
    private int _keys;
    private bool _isInRun;

    /// <summary>True if a key under <paramref name="prefix"/> is visible.</summary>
    /// <param name="prefix">A common prefix of the remote, without any local keys.</param>
    /// <param name="behind">The following prefixes that fit on the page.</param>
    /// <param name="room">How many rows the page has room for.</param>
    /// <param name="cancellationToken">Cancels the wait and the checks.</param>
    public async Task<bool> FindsVisibleAsync(string prefix, IAsyncEnumerable<string> behind, int room, CancellationToken cancellationToken)
    {
        var isVisible = await LookAsync(prefix, behind, room, cancellationToken);
        _isInRun = !isVisible;
        return isVisible;
    }

    /// <summary>Drops a check that is not needed: the local layer has a key under the prefix, or no tombstone lies there.</summary>
    public void Forget(string prefix)
    {
        _read.Remove(prefix);
        if (_running.Remove(prefix, out var unneeded))
        {
            _unneeded.Add(unneeded);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _left.CancelAsync();
        _unneeded.AddRange(_running.Values);
        foreach (var unneeded in _unneeded)
        {
            await unneeded.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _left.Dispose();
    }

    private async Task<bool> LookAsync(string prefix, IAsyncEnumerable<string> behind, int room, CancellationToken cancellationToken)
    {
        if (_read.Remove(prefix, out var isVisible))
        {
            return isVisible;
        }

        using var left = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _left);
        if (!_running.Remove(prefix, out var found))
        {
            if (_byThemselves == 0 && (_isInRun || await HasManyAsync(behind, cancellationToken)))
            {
                await ReadThroughAsync(prefix, room, cancellationToken);
                if (_read.Remove(prefix, out isVisible))
                {
                    return isVisible;
                }
            }

            found = Start(prefix);
        }

        // Awaited at the end if not here, because what follows could not be read.
        _unneeded.Add(found);
        await foreach (var next in behind.WithCancellation(cancellationToken))
        {
            if (_running.Count >= Ahead - 1 || _byThemselves == 0)
            {
                break;
            }

            if (!_running.ContainsKey(next) && !_read.ContainsKey(next))
            {
                _running.Add(next, Start(next));
            }
        }

        _unneeded.Remove(found);
        return await found;
    }

    private static async Task<bool> HasManyAsync(IAsyncEnumerable<string> prefixes, CancellationToken cancellationToken)
    {
        var count = 1;
        await foreach (var unused in prefixes.WithCancellation(cancellationToken))
        {
            _ = unused;
            if (++count == Worthwhile)
            {
                return true;
            }
        }

        return false;
    }

    private async Task ReadThroughAsync(string prefix, int room, CancellationToken cancellationToken)
    {
        // If everything is deleted, the room on the page says nothing about how much must be read.
        _keys = _isInRun ? ListRequest.MaxPage : Math.Clamp(KeysARow * Math.Max(room, _keys), LeastKeys, ListRequest.MaxPage);
        _read = await reading.ReadAsync(prefix, _keys, cancellationToken);
        (_byThemselves, _attempts) = _read.Count < Worthwhile ? (Ahead << Math.Min(_attempts, 7), _attempts + 1) : (0, 0);
    }

    private Task<bool> Start(string prefix)
    {
        _byThemselves = Math.Max(0, _byThemselves - 1);
        return probe.FindsVisibleAsync(prefix, _left.Token);
    }
}

/// <summary>
/// Finds out whether anything under a remote common prefix is visible, when some of it was deleted here (rule L1) or other remotes have a
/// part of it (rule M3). Walks the remotes' keys and the tombstones side by side until a key without a tombstone appears.
/// </summary>
/// <remarks>
/// With n tombstones, one of n + 1 keys is visible. So one page of n + 1 keys decides for n below a thousand; otherwise each undecided page
/// has used up a thousand tombstones: at most n/1000 + 1 pages (rule L2). Each further remote under the prefix, and each skip over its
/// keys, may cost one more.
/// </remarks>
public sealed class PrefixProbe(ILayerState layer, BelowLocal below, ListingPosition after)
{
    /// <summary>
    /// True if a key under <paramref name="prefix"/> is visible. Asks the remote only if tombstones or several remotes lie under it.
    /// </summary>
    public Task<bool> FindsVisibleAsync(string prefix, CancellationToken cancellationToken) =>
        FindsVisibleAsync(prefix, hasKeys: true, cancellationToken);

    /// <summary>The same for a prefix under which the remote has shown no key yet.</summary>
    public Task<bool> FindsAnyAsync(string prefix, CancellationToken cancellationToken) =>
        FindsVisibleAsync(prefix, hasKeys: false, cancellationToken);

    private async Task<bool> FindsVisibleAsync(string prefix, bool hasKeys, CancellationToken cancellationToken)
    {
        var start = after.Name.StartsWith(prefix, StringComparison.Ordinal) ? after : ListingPosition.Start;
        var count = await CountTombstonesAsync(prefix, ListingBounds.After(start), cancellationToken);
        if (count == 0 && hasKeys && !below.BeginUnder(prefix))
        {
            return true;
        }

        var query = new ListingQuery(prefix, "", start, Math.Min(count + 1, ListRequest.MaxPage));
        await using var keys = below.Open(query);
        await using var tombstones = new KeyCursor<string>(
            (from, token) => layer.ListDeletedAsync(below.Bucket, prefix, from, token), key => key, ListingBounds.After(start));
        while (await keys.NextAsync(cancellationToken) is { } row)
        {
            if (await tombstones.SeekAsync(row.Name, cancellationToken) != row.Name)
            {
                return true;
            }
        }

        return false;
    }

    private async Task<int> CountTombstonesAsync(string prefix, string from, CancellationToken cancellationToken)
    {
        var count = 0;
        await foreach (var unused in layer.ListDeletedAsync(below.Bucket, prefix, from, cancellationToken))
        {
            _ = unused;
            if (++count == ListRequest.MaxPage)
            {
                break;
            }
        }

        return count;
    }
}

/// <summary>
/// Reads the keys of many folders at once and decides which of them have something visible: walks a page of the remote's keys and the
/// tombstones side by side.
/// </summary>
/// <param name="layer">The local layer.</param>
/// <param name="below">What is below it.</param>
/// <param name="listing">The listing's query.</param>
public sealed class PrefixReading(ILayerState layer, BelowLocal below, ListingQuery listing)
{
    /// <summary>Reads one page.</summary>
    /// <param name="first">The first folder.</param>
    /// <param name="size">How many keys.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <returns>For each folder with tombstones on the page: true if a key under it is visible. Without the last folder if only the next
    /// page would decide it.</returns>
    public async Task<Dictionary<string, bool>> ReadAsync(string first, int size, CancellationToken cancellationToken)
    {
        var start = ListingBounds.Before(first);
        await using var keys = below.Open(listing with { Delimiter = "", After = new ListingPosition(start, false), PageSize = size });
        await using var tombstones =
            new KeyCursor<string>((from, token) => layer.ListDeletedAsync(below.Bucket, listing.Prefix, from, token), key => key, start);
        var found = new Dictionary<string, bool>(StringComparer.Ordinal);
        var (folder, isVisible, hasTombstones) = ((string?)null, false, false);
        for (var row = await keys.NextAsync(cancellationToken); row is not null; row = keys.HasRowAtHand
            ? await keys.NextAsync(cancellationToken) : null)
        {
            if (Utf8Order.Compare(row.Name, first) < 0)
            {
                continue;
            }

            if (folder is null || !row.Name.StartsWith(folder, StringComparison.Ordinal))
            {
                Note();
                (folder, isVisible, hasTombstones) = (listing.CommonPrefixOf(row.Name), false, false);
            }

            if (folder is not null && !isVisible)
            {
                var tombstone = await tombstones.SeekAsync(row.Name, cancellationToken);
                isVisible = tombstone != row.Name;
                hasTombstones |= tombstone is not null && tombstone.StartsWith(folder, StringComparison.Ordinal);
            }
        }

        if (isVisible || keys.IsDone)
        {
            Note();
        }

        return found;

        void Note()
        {
            // Under a folder where another remote's keys start there may be more than was read.
            if (folder is not null && hasTombstones && !below.BeginUnder(folder))
            {
                found[folder] = isVisible;
            }
        }
    }
}
