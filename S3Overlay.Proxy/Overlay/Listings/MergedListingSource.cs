using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>What clients see of an overlaid bucket, row by row (rules L1, L2).</summary>
/// <remarks>
/// <code>
///   written rows   a      c/     e     g          always shown
///   remote rows    a  b   c/  d/ e  f  g  h       shown if no written row has that name, and
///   tombstones        b       d/1   f               a key: has no tombstone
///                                                   a prefix: has a key without one (checked only if there are tombstones or several
///                                                   remotes under it)
///   merged         a      c/  d/ e     g  h
/// </code>
/// With frozen caching, entries whose objects the remote has lost count as remote rows (<see cref="FrozenRows"/>).
/// All three are walked in step. Their first pages are read at the same time, later pages when the merge runs out of rows.
/// </remarks>
public sealed class MergedListingSource : IListingSource
{
    private readonly ListingQuery _query;
    private readonly WrittenAhead _written;
    private readonly BucketRoutes _routes;
    private readonly IRowsBelow _remote;
    private readonly KeyCursor<string> _tombstones;
    private readonly PrefixProbe _probe;
    private readonly PrefixProbes _probes;
    private readonly CacheDrift? _drift;
    private readonly IRemoteReader? _reader;
    private readonly string _bucket;
    private readonly Func<string, CancellationToken, ValueTask<bool>> _wasWrittenUnder;
    private ListingRow? _nextRemote;
    private ListingRow? _peeked;
    private string? _openPrefix;
    private string? _provenPrefix;
    private int _taken;

    /// <summary>The merge of a bucket's layers.</summary>
    /// <param name="layer">The local layer.</param>
    /// <param name="cache">The cache; null while caching is off.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="routes">Where it continues below.</param>
    /// <param name="query">Which rows.</param>
    /// <param name="logger">Gets failures.</param>
    /// <param name="written">Rows of the local layer other than those of its objects, disposed here; null for its objects.</param>
    /// <param name="reader">Reads the remote's keys; null if rows need not agree with reads.</param>
    public MergedListingSource(
        ILayerState layer, ICacheStore? cache, string bucket, BucketRoutes routes, ListingQuery query, ILogger logger,
        IListingSource? written = null,
        IRemoteReader? reader = null)
    {
        (_query, _routes, _reader, _bucket) = (query, routes, reader, bucket);
        _written = new WrittenAhead(written ?? layer.ListWritten(bucket, query), new RowOrder("local", logger),
            mayLookAhead: written is null);
        _wasWrittenUnder = (prefix, token) => HasWrittenAsync(layer, bucket, prefix, query.After, token);
        _openPrefix = ListingBounds.OpenPrefix(query);
        var below = new BelowLocal(bucket, routes, cache, reader, logger);
        _remote = below.Open(_openPrefix is null ? query : query with { After = new ListingPosition(_openPrefix, true) });
        _tombstones = new KeyCursor<string>(
            (from, token) => layer.ListDeletedAsync(bucket, query.Prefix, from, token), key => key, ListingBounds.After(query.After));
        _probe = new PrefixProbe(layer, below, query.After);
        _probes = new PrefixProbes(_probe, new PrefixReading(layer, below, query));
        _drift = cache is null ? null : new CacheDrift(cache, reader, bucket, routes, query);
    }

    /// <inheritdoc/>
    public async ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken)
    {
        if (_peeked is { } peeked)
        {
            _peeked = null;
            return peeked;
        }

        if (_openPrefix is not null)
        {
            await LookIntoOpenPrefixAsync(_openPrefix, cancellationToken);
            _openPrefix = null;
        }

        while (true)
        {
            await FillHeadsAsync(cancellationToken);
            if (_written.Next is null && _nextRemote is null)
            {
                return null;
            }

            var order = _nextRemote is null ? -1 : _written.Next is null ? 1 : Utf8Order.Compare(_written.Next.Name, _nextRemote.Name);
            var row = (order <= 0 ? _written.Next : _nextRemote)!;
            if (order <= 0)
            {
                _written.Take();
            }

            if (order >= 0)
            {
                _nextRemote = null;
            }

            if (order <= 0)
            {
                _probes.Forget(row.Name);
            }
            else if (row.Name != _provenPrefix && !await IsVisibleAsync(row, cancellationToken))
            {
                continue;
            }
            else
            {
                row = await AsReadAsync(row, cancellationToken);
            }

            if (order >= 0)
            {
                _remote.NoteShown();
            }

            _taken++;
            return row;
        }
    }

    /// <summary>
    /// True if rows follow. A remote that says it has more keys is believed if no tombstone could hide them: the page that would prove it
    /// is the next page's first, and reading it here would double the cost of every full page.
    /// </summary>
    public async ValueTask<bool> HasMoreAsync(CancellationToken cancellationToken)
    {
        if (_peeked is null)
        {
            await _written.FillAsync(cancellationToken);
            if (_written.Next is not null)
            {
                return true;
            }

            if (_nextRemote is null
                && !_remote.HasRowAtHand
                && _remote.PromisesMore
                && await TombstoneAtAsync(_remote.LastName, cancellationToken) is null)
            {
                return true;
            }

            _peeked = await NextAsync(cancellationToken);
        }

        return _peeked is not null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _probes.DisposeAsync();
        await _written.DisposeAsync();
        await _remote.DisposeAsync();
        await _tombstones.DisposeAsync();
        if (_drift is not null)
        {
            await _drift.DisposeAsync();
        }
    }

    /// <summary>
    /// A client may start in the middle of a folder. Servers disagree on whether the rest of it is still a row (Ceph, MinIO, Versity and
    /// CloudServer leave the folder out, others do not). So the remote is asked for what follows the folder, and the folder is checked by
    /// itself; in the local layer too, if that shows no such row.
    /// </summary>
    private async ValueTask LookIntoOpenPrefixAsync(string prefix, CancellationToken cancellationToken)
    {
        await _written.FillAsync(cancellationToken);
        if (_written.Next?.Name != prefix
            && (await _wasWrittenUnder(prefix, cancellationToken) || await _probe.FindsAnyAsync(prefix, cancellationToken)))
        {
            _nextRemote = new ListingRow(prefix, null);
            _provenPrefix = prefix;
        }

        await TombstoneAtAsync(prefix, cancellationToken);
        await _tombstones.SkipUnderAsync(prefix, cancellationToken);
    }

    /// <summary>Makes the remote's row agree with what reads return (rule T2).</summary>
    private ValueTask<ListingRow> AsReadAsync(ListingRow row, CancellationToken cancellationToken)
    {
        if (_remote is FrozenRows frozen && frozen.IsLost(row))
        {
            if (!row.IsPrefix)
            {
                _reader?.NoteDrift(_bucket);
            }

            return new(row);
        }

        if (!row.IsPrefix)
        {
            _reader?.NoteListed(_bucket, row.Name);
        }

        return _drift is null ? new(Noted(row)) : NotedAsync(_drift.AsReadAsync(row, cancellationToken));
    }

    private async ValueTask<ListingRow> NotedAsync(ValueTask<ListingRow> row) => Noted(await row);

    /// <summary>Notes a row that is shown: a write or delete that follows hides that version.</summary>
    private ListingRow Noted(ListingRow row)
    {
        if (row.Object is { } shown)
        {
            _reader?.Shown?.Note(_bucket, row.Name, shown.ETag, shown.Size, shown.LastModified);
        }

        return row;
    }

    private async ValueTask FillHeadsAsync(CancellationToken cancellationToken)
    {
        if (_nextRemote is not null || _remote.HasRowAtHand)
        {
            _nextRemote ??= await _remote.NextAsync(cancellationToken);
            await _written.FillAsync(cancellationToken);
            return;
        }

        // The remote is asked first, and the local layer for all its kinds of rows while that response is on its way.
        var remote = _remote.NextAsync(cancellationToken).AsTask();
        var local = FillLocalAsync(cancellationToken);
        var cache = _drift?.StartAsync(cancellationToken).AsTask() ?? Task.CompletedTask;
        await Task.WhenAll(remote, local, cache);
        _nextRemote = await remote;
    }

    /// <summary>
    /// Tombstones are read after written rows. A delete writes the tombstone before it removes the object, so of a key deleted in between
    /// at least one is seen, and the remote's row never shows.
    /// </summary>
    private async Task FillLocalAsync(CancellationToken cancellationToken)
    {
        await _written.FillAsync(cancellationToken);
        await _tombstones.KeepBehindAsync(_written.ReadingOfNext, _written.Readings);
        await _tombstones.StartAsync(cancellationToken);
    }

    /// <summary>
    /// The first tombstone at or after a name that the local layer's next row does not precede. Tombstones read before that row's page miss
    /// later deletes, which the page already reflects, so they are read again.
    /// </summary>
    private async ValueTask<string?> TombstoneAtAsync(string name, CancellationToken cancellationToken)
    {
        await _tombstones.KeepBehindAsync(_written.ReadingOfNext, _written.Readings);
        return await _tombstones.SeekAsync(name, cancellationToken);
    }

    private async ValueTask<bool> IsVisibleAsync(ListingRow row, CancellationToken cancellationToken)
    {
        var tombstone = await TombstoneAtAsync(row.Name, cancellationToken);
        if (!row.IsPrefix)
        {
            return tombstone != row.Name;
        }

        if ((tombstone is null || !tombstone.StartsWith(row.Name, StringComparison.Ordinal)) && !_routes.BeginUnder(row.Name))
        {
            _probes.Forget(row.Name);
            return true;
        }

        // The page shows one row less than requested: the last one only shows that another page follows.
        var room = Math.Max(0, _query.PageSize - _taken - 2);
        var behind = _written.UnwrittenPrefixesAsync(_remote.AtHand, room, cancellationToken);
        var isVisible = await _probes.FindsVisibleAsync(row.Name, behind, room + 1, cancellationToken);
        await _tombstones.SkipUnderAsync(row.Name, cancellationToken);
        return isVisible;
    }

    /// <summary>True if the local layer has a key under the prefix. Reads one row.</summary>
    private static async ValueTask<bool> HasWrittenAsync(
        ILayerState layer, string bucket, string prefix, ListingPosition after, CancellationToken cancellationToken)
    {
        var start = after.Name.StartsWith(prefix, StringComparison.Ordinal) ? after : ListingPosition.Start;
        await using var rows = layer.ListWritten(bucket, new ListingQuery(prefix, "", start, 1));
        return await rows.NextAsync(cancellationToken) is not null;
    }
}
