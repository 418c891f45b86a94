using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// The remotes' rows merged with cache entries whose objects the remotes have lost: frozen entries are still read, so they are listed
/// (rules S1, T2).
/// </summary>
/// <remarks>
/// <code>
///   remote rows    a      c/     e
///   entries        a  b   c/1  d/1  e
///   together       a  b   c/  d/ e          b and d/ are lost; for the others the remote's row is used
/// </code>
/// Both are walked in step. An entry is opened only if its object is lost: its row does not say which remote's object it is, and reads use
/// none of another. If one is lost, more will be, so the next few are opened in parallel. Those under a common prefix that is already shown
/// are cancelled before others begin.
/// </remarks>
/// <param name="remote">The remotes' rows, disposed here.</param>
/// <param name="cache">The cache.</param>
/// <param name="reader">Decides which entries reads use.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="routes">Where it continues below.</param>
/// <param name="query">Which rows.</param>
public sealed class FrozenRows(
    IRowsBelow remote, ICacheStore cache, IRemoteReader reader, string bucket, BucketRoutes routes, ListingQuery query) : IRowsBelow
{
    /// <summary>Entries looked up in parallel.</summary>
    private const int Ahead = 8;

    private readonly KeyCursor<CacheRow> _entries = new(
        (from, token) => cache.ListAsync(bucket, query.Prefix, from, token), row => row.Key, ListingBounds.After(query.After));

    private readonly Dictionary<CacheRow, Task<ListingRow?>> _looks = new(ReferenceEqualityComparer.Instance);
    private CancellationTokenSource _left = new();
    private CacheRow? _entry;
    private bool _entriesHaveEnded;
    private ListingRow? _nextRemote;
    private ListingRow? _lost;
    private bool _wasRemoteTaken;
    private int _given;

    /// <inheritdoc/>
    public bool HasRowAtHand => _nextRemote is not null || remote.HasRowAtHand || (remote.IsDone && !_entriesHaveEnded);

    /// <inheritdoc/>
    public bool PromisesMore => remote.PromisesMore;

    /// <inheritdoc/>
    public bool IsDone => _nextRemote is null && remote.IsDone && _entriesHaveEnded;

    /// <inheritdoc/>
    public string LastName => remote.LastName;

    /// <inheritdoc/>
    public IEnumerable<ListingRow> AtHand => _nextRemote is null ? remote.AtHand : remote.AtHand.Prepend(_nextRemote);

    /// <summary>True if the row returned last is of an object that the remotes have lost.</summary>
    public bool IsLost(ListingRow row) => ReferenceEquals(row, _lost);

    /// <inheritdoc/>
    public async ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            // The remote is asked first, and the cache while that response is on its way.
            var next = _nextRemote is null ? remote.NextAsync(cancellationToken).AsTask() : Task.FromResult<ListingRow?>(_nextRemote);
            var entries = FillAsync(cancellationToken).AsTask();
            await Task.WhenAll(next, entries);
            _nextRemote = await next;
            while (_entry is { } entry)
            {
                var prefix = query.CommonPrefixOf(entry.Key);
                var order = _nextRemote is null ? -1 : Utf8Order.Compare(prefix ?? entry.Key, _nextRemote.Name);
                if (order > 0)
                {
                    break;
                }

                var row = order == 0 ? null : prefix is null ? await LostAsync(entry, Math.Clamp(query.PageSize - _given, 1, Ahead) - 1,
                    cancellationToken) : await LostUnderAsync(prefix, cancellationToken);
                await PassAsync(prefix ?? entry.Key, prefix is not null, cancellationToken);
                if (row is not null)
                {
                    (_lost, _wasRemoteTaken) = (row, false);
                    _given++;
                    return row;
                }
            }
        }
        catch (IOException failure)
        {
            throw CacheDrift.Unknown(failure);
        }

        var last = _nextRemote;
        (_nextRemote, _wasRemoteTaken) = (null, true);
        _given++;
        return last;
    }

    /// <inheritdoc/>
    public void NoteShown()
    {
        if (_wasRemoteTaken)
        {
            remote.NoteShown();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await LeaveAsync();
        _left.Dispose();
        await _entries.DisposeAsync();
        await remote.DisposeAsync();
    }

    /// <summary>Finds the first entry wanted.</summary>
    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        if (_entry is null && !_entriesHaveEnded)
        {
            await _entries.StartAsync(cancellationToken);
            await SettleAsync(await _entries.SeekAsync("", cancellationToken), cancellationToken);
        }
    }

    /// <summary>Moves past a key's entries, of which there may briefly be several, or past all under a common prefix.</summary>
    private async ValueTask PassAsync(string name, bool isPrefix, CancellationToken cancellationToken)
    {
        if (isPrefix)
        {
            await _entries.SkipUnderAsync(name, cancellationToken);
            if (_looks.Count > 0)
            {
                await LeaveAsync();
                _left.Dispose();
                _left = new CancellationTokenSource();
            }
        }

        var entry = await _entries.SeekAsync(name, cancellationToken);
        while (entry?.Key == name)
        {
            entry = await _entries.NextAsync(cancellationToken);
        }

        await SettleAsync(entry, cancellationToken);
    }

    /// <summary>Cancels the look-ups that are no longer needed, and waits until they ended.</summary>
    private async ValueTask LeaveAsync()
    {
        await _left.CancelAsync();
        foreach (Task unneeded in _looks.Values)
        {
            await unneeded.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _looks.Clear();
    }

    /// <summary>Skips what the listing has already passed: the start position is not exact behind a common prefix.</summary>
    private async ValueTask SettleAsync(CacheRow? entry, CancellationToken cancellationToken)
    {
        while (entry is not null && !query.After.IsBefore(entry.Key))
        {
            entry = await _entries.NextAsync(cancellationToken);
        }

        (_entry, _entriesHaveEnded) = (entry, entry is null);
    }

    /// <summary>The row of a common prefix under which the remotes have nothing; null if reads use no entry under it.</summary>
    private async ValueTask<ListingRow?> LostUnderAsync(string prefix, CancellationToken cancellationToken)
    {
        for (var entry = _entry; entry is not null && entry.Key.StartsWith(prefix, StringComparison.Ordinal); entry = await _entries
            .NextAsync(cancellationToken))
        {
            // The first hit is enough; the next are looked up in parallel only after a miss.
            if (await LostAsync(entry, entry == _entry ? 0 : Ahead - 1, cancellationToken) is not null)
            {
                return new ListingRow(prefix, null);
            }
        }

        return null;
    }

    /// <summary>The row of an object that the remotes have lost, as a HEAD shows it; null if reads do not use its entry.</summary>
    /// <param name="row">The entry's row.</param>
    /// <param name="ahead">How many of the following are looked up in parallel, up to the remote's next row and within the same
    /// folder.</param>
    /// <param name="cancellationToken">Cancels the look-ups.</param>
    private async ValueTask<ListingRow?> LostAsync(CacheRow row, int ahead, CancellationToken cancellationToken)
    {
        using var left = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _left);
        if (!_looks.Remove(row, out var look))
        {
            look = LookAsync(row, _left.Token);
        }

        var folder = query.CommonPrefixOf(row.Key);
        foreach (var next in await _entries.PeekAsync(ahead, cancellationToken))
        {
            if (query.CommonPrefixOf(next.Key) != folder
                || (_nextRemote is { } limit && Utf8Order.Compare(folder ?? next.Key, limit.Name) >= 0))
            {
                break;
            }

            if (!_looks.ContainsKey(next))
            {
                _looks.Add(next, LookAsync(next, _left.Token));
            }
        }

        return await look;
    }

    private async Task<ListingRow?> LookAsync(CacheRow row, CancellationToken cancellationToken)
    {
        await using var entry = await CacheDrift.FindAsync(cache, bucket, row.Key, cancellationToken);
        return entry is not null && routes.Of(row.Key) is { } place && reader.CanUse(entry, row.Key, place)
            ? new ListingRow(row.Key, ListedObject.Of(entry.Info)) : null;
    }
}
