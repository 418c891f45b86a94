using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// Walks keys of the local layer (tombstones, cache entries) in step with the remote's rows. Only moves forward. Reopens further on if
/// walking past a common prefix would take long.
/// </summary>
/// <typeparam name="T">What each key has.</typeparam>
/// <param name="open">Enumerates the keys strictly after a key.</param>
/// <param name="keyOf">The key of an entry.</param>
/// <param name="after">The key to start after.</param>
public sealed class KeyCursor<T>(Func<string, CancellationToken, IAsyncEnumerable<T>> open, Func<T, string> keyOf, string after)
    : IAsyncDisposable
    where T : class
{
    /// <summary>Entries walked before the cursor is reopened further on. One page: what opening costs if each is a call.</summary>
    private const int WalkLimit = ListRequest.MaxPage;

    private string _after = after;
    private IAsyncEnumerator<T>? _items;
    private T? _current;
    private bool _hasEnded;
    private bool _isOutdated;
    private int _readings;
    private readonly Queue<T> _ahead = [];
    private bool _aheadHasEnded;

    /// <summary>Starts to look for the first entry if nothing has, so that callers can wait for other layers at the same time.</summary>
    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        if (_items is null && _current is null && !_hasEnded && !_isOutdated)
        {
            await MoveAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Makes sure that entries are read after the rows they are compared with. Entries read before are discarded and read again from the
    /// next key sought.
    /// </summary>
    /// <param name="needed">The count of reads (<see cref="IListingSource.Readings"/>) when the row to compare was read.</param>
    /// <param name="now">The same count now.</param>
    public async ValueTask KeepBehindAsync(int needed, int now)
    {
        if (_items is null && _current is null && !_hasEnded)
        {
            _readings = now;
        }
        else if (_readings < needed)
        {
            await CloseAsync();
            (_current, _hasEnded, _isOutdated, _readings) = (null, false, true, now);
        }
    }

    /// <summary>
    /// The first entry at or after <paramref name="key"/>, or null. An earlier key than before returns the same entry again.
    /// </summary>
    public async ValueTask<T?> SeekAsync(string key, CancellationToken cancellationToken)
    {
        if (_isOutdated && key.Length > 0 && ListingBounds.Before(key) is var before && Utf8Order.Compare(before, _after) > 0)
        {
            _after = before;
        }

        _isOutdated = false;
        if (_current is null && !_hasEnded)
        {
            await MoveAsync(cancellationToken);
        }

        var walked = 0;
        while (_current is not null && Utf8Order.Compare(keyOf(_current), key) < 0)
        {
            if (++walked == WalkLimit)
            {
                await CloseAsync();
                _after = ListingBounds.Before(key);
            }

            await MoveAsync(cancellationToken);
        }

        return _current;
    }

    /// <summary>The entry after the one found last, or null.</summary>
    public async ValueTask<T?> NextAsync(CancellationToken cancellationToken)
    {
        await MoveAsync(cancellationToken);
        return _current;
    }

    /// <summary>Up to <paramref name="count"/> entries after the one found last, without moving to them.</summary>
    public async ValueTask<IEnumerable<T>> PeekAsync(int count, CancellationToken cancellationToken)
    {
        while (_ahead.Count < count && !_aheadHasEnded && _items is not null)
        {
            if (await _items.MoveNextAsync())
            {
                _ahead.Enqueue(_items.Current);
            }
            else
            {
                _aheadHasEnded = true;
            }
        }

        return _ahead.Take(count);
    }

    /// <summary>Skips all entries under a common prefix.</summary>
    public async ValueTask SkipUnderAsync(string prefix, CancellationToken cancellationToken)
    {
        var walked = 0;
        while (_current is not null && keyOf(_current).StartsWith(prefix, StringComparison.Ordinal))
        {
            if (++walked == WalkLimit)
            {
                await CloseAsync();
                _after = ListingBounds.Beyond(prefix);
            }

            await MoveAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => CloseAsync();

    private async ValueTask MoveAsync(CancellationToken cancellationToken)
    {
        if (_ahead.TryDequeue(out _current))
        {
            return;
        }

        if (_aheadHasEnded)
        {
            _hasEnded = true;
            return;
        }

        _items ??= open(_after, cancellationToken).GetAsyncEnumerator(cancellationToken);
        if (await _items.MoveNextAsync())
        {
            _current = _items.Current;
        }
        else
        {
            _current = null;
            _hasEnded = true;
        }
    }

    private async ValueTask CloseAsync()
    {
        _ahead.Clear();
        _aheadHasEnded = false;
        if (_items is not null)
        {
            await _items.DisposeAsync();
            _items = null;
        }
    }
}

/// <summary>
/// Checks that a layer lists in order. A merge of unordered rows would silently leave out keys or show deleted ones, so a wrong order is an
/// error, never a page (rule L2).
/// </summary>
public sealed class RowOrder(string layer, ILogger logger)
{
    private string? _last;

    /// <summary>Checks the next name.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable if it does not follow the one before.</exception>
    public void Next(string name)
    {
        if (_last is not null && Utf8Order.Compare(_last, name) >= 0)
        {
            throw Wrong("its rows are not in the order of their UTF-8 bytes");
        }

        _last = name;
    }

    /// <summary>Logs what is wrong with the layer's listing.</summary>
    /// <returns>The error for the client.</returns>
    public S3Exception Wrong(string problem)
    {
        Log.ListingIsWrong(logger, layer, problem);
        return new S3Exception(S3Errors.ServiceUnavailable, $"The {layer} layer returned a listing that cannot be merged: {problem}.");
    }
}
