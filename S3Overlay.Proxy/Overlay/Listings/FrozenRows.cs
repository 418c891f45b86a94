using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// The remotes' rows, and among them those of copies whose objects the remotes have lost: copies that are frozen are read all the same, and
/// so they are listed (rules S1, T2).
/// </summary>
/// <remarks>
/// <code>
///   remote rows    a      c/     e
///   copies         a  b   c/1  d/1  e
///   together       a  b   c/  d/ e          b and d/ are lost; of the others the copies' rows are passed over
/// </code>
/// Both are walked in step. A copy is looked at by itself only where its object is lost: its row does not tell of which remote's object it
/// is, and reads use none of another. Where one is lost, more will be: the next few are looked at meanwhile, and never more of them at
/// once. Those under a common prefix that is shown already are let go before others begin.
/// </remarks>
public sealed class FrozenRows : IRowsBelow
{
    /// <summary>How many copies are looked at once.</summary>
    private const int Ahead = 8;

    private readonly IRowsBelow _remote;
    private readonly ICacheStore _held;
    private readonly IRemoteReader _reader;
    private readonly string _bucket;
    private readonly BucketRoutes _routes;
    private readonly ListingQuery _query;
    private readonly KeyCursor<CacheRow> _copies;
    private readonly Dictionary<CacheRow, Task<ListingRow?>> _looks = new(ReferenceEqualityComparer.Instance);
    private CancellationTokenSource _left = new();
    private CacheRow? _copy;
    private bool _copiesHaveEnded;
    private ListingRow? _nextRemote;
    private ListingRow? _lost;
    private bool _wasRemoteTaken;
    private int _given;

    /// <summary>The rows of remotes and of copies.</summary>
    /// <param name="remote">The remotes' rows, disposed here.</param>
    /// <param name="held">Where copies are.</param>
    /// <param name="reader">Tells which copies are read.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="routes">Where it continues below.</param>
    /// <param name="query">Which rows.</param>
    public FrozenRows(IRowsBelow remote, ICacheStore held, IRemoteReader reader, string bucket, BucketRoutes routes, ListingQuery query)
    {
        (_remote, _held, _reader, _bucket, _routes, _query) = (remote, held, reader, bucket, routes, query);
        _copies = new KeyCursor<CacheRow>((from, token) => held.ListAsync(bucket, query.Prefix, from, token), row => row.Key,
            Places.After(query.After));
    }

    /// <inheritdoc/>
    public bool HasRowAtHand => _nextRemote is not null || _remote.HasRowAtHand || (_remote.IsDone && !_copiesHaveEnded);

    /// <inheritdoc/>
    public bool PromisesMore => _remote.PromisesMore;

    /// <inheritdoc/>
    public bool IsDone => _nextRemote is null && _remote.IsDone && _copiesHaveEnded;

    /// <inheritdoc/>
    public string LastName => _remote.LastName;

    /// <inheritdoc/>
    public IEnumerable<ListingRow> AtHand => _nextRemote is null ? _remote.AtHand : _remote.AtHand.Prepend(_nextRemote);

    /// <summary>Whether a row that was given last is of an object that the remotes have lost.</summary>
    public bool IsLost(ListingRow row) => ReferenceEquals(row, _lost);

    /// <inheritdoc/>
    public async ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            // The remote is asked first, and the store of copies while that answer is on the way.
            var remote = _nextRemote is null ? _remote.NextAsync(cancellationToken).AsTask() : Task.FromResult<ListingRow?>(_nextRemote);
            var copies = FillAsync(cancellationToken).AsTask();
            await Task.WhenAll(remote, copies);
            _nextRemote = await remote;
            while (_copy is { } copy)
            {
                var prefix = _query.CommonPrefixOf(copy.Key);
                var order = _nextRemote is null ? -1 : Utf8Order.Compare(prefix ?? copy.Key, _nextRemote.Name);
                if (order > 0)
                {
                    break;
                }

                var row = order == 0 ? null : prefix is null ? await LostAsync(copy, Math.Clamp(_query.PageSize - _given, 1, Ahead) - 1,
                    cancellationToken) : await LostUnderAsync(prefix, cancellationToken);
                await PassAsync(prefix ?? copy.Key, prefix is not null, cancellationToken);
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

        var next = _nextRemote;
        (_nextRemote, _wasRemoteTaken) = (null, true);
        _given++;
        return next;
    }

    /// <inheritdoc/>
    public void NoteShown()
    {
        if (_wasRemoteTaken)
        {
            _remote.NoteShown();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await LeaveAsync();
        _left.Dispose();
        await _copies.DisposeAsync();
        await _remote.DisposeAsync();
    }

    /// <summary>Finds the first copy that is wanted.</summary>
    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        if (_copy is null && !_copiesHaveEnded)
        {
            await _copies.StartAsync(cancellationToken);
            await SettleAsync(await _copies.SeekAsync("", cancellationToken), cancellationToken);
        }
    }

    /// <summary>Goes on behind a key's copies, of which there may be several for a moment, or behind all under a common prefix.</summary>
    private async ValueTask PassAsync(string name, bool isPrefix, CancellationToken cancellationToken)
    {
        if (isPrefix)
        {
            await _copies.SkipUnderAsync(name, cancellationToken);
            if (_looks.Count > 0)
            {
                await LeaveAsync();
                _left.Dispose();
                _left = new CancellationTokenSource();
            }
        }

        var copy = await _copies.SeekAsync(name, cancellationToken);
        while (copy?.Key == name)
        {
            copy = await _copies.NextAsync(cancellationToken);
        }

        await SettleAsync(copy, cancellationToken);
    }

    /// <summary>Ends the looks at copies that are of no more interest, and waits until they have ended.</summary>
    private async ValueTask LeaveAsync()
    {
        await _left.CancelAsync();
        foreach (Task unneeded in _looks.Values)
        {
            await unneeded.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _looks.Clear();
    }

    /// <summary>Passes over what the listing has behind it already: the place to start after is not exact behind a common prefix.</summary>
    private async ValueTask SettleAsync(CacheRow? copy, CancellationToken cancellationToken)
    {
        while (copy is not null && !_query.After.IsBefore(copy.Key))
        {
            copy = await _copies.NextAsync(cancellationToken);
        }

        (_copy, _copiesHaveEnded) = (copy, copy is null);
    }

    /// <summary>The row of a common prefix under which the remotes have nothing; null where no copy under it is read.</summary>
    private async ValueTask<ListingRow?> LostUnderAsync(string prefix, CancellationToken cancellationToken)
    {
        for (var copy = _copy; copy is not null && copy.Key.StartsWith(prefix, StringComparison.Ordinal); copy = await _copies
            .NextAsync(cancellationToken))
        {
            // The first found will do: the next are looked at meanwhile only once one was none.
            if (await LostAsync(copy, copy == _copy ? 0 : Ahead - 1, cancellationToken) is not null)
            {
                return new ListingRow(prefix, null);
            }
        }

        return null;
    }

    /// <summary>The row of an object that the remotes have lost, as a HEAD shows it; null where no copy of it is read.</summary>
    /// <param name="row">The copy's row.</param>
    /// <param name="ahead">How many of those that follow are looked at meanwhile, as far as the remote's next row and within the same
    /// folder.</param>
    /// <param name="cancellationToken">Ends the looks.</param>
    private async ValueTask<ListingRow?> LostAsync(CacheRow row, int ahead, CancellationToken cancellationToken)
    {
        using var left = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _left);
        if (!_looks.Remove(row, out var look))
        {
            look = LookAsync(row, _left.Token);
        }

        var folder = _query.CommonPrefixOf(row.Key);
        foreach (var next in await _copies.PeekAsync(ahead, cancellationToken))
        {
            if (_query.CommonPrefixOf(next.Key) != folder
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
        await using var copy = await CacheDrift.FindAsync(_held, _bucket, row.Key, cancellationToken);
        return copy is not null && _routes.Of(row.Key) is { } remote && _reader.CanUse(copy, _bucket, row.Key, remote)
            ? Show(row.Key, copy.Info) : null;
    }

    private static ListingRow Show(string key, ObjectInfo info) =>
        new(key, ListedObject.Of(info));
}
