using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// Walks keys of the writable layer (tombstones, held copies) in step with the remote's rows. Only ever moves forward, and is opened anew where
/// walking over what lies under a common prefix would take long.
/// </summary>
/// <typeparam name="T">What stands at each key.</typeparam>
public sealed class KeyCursor<T> : IAsyncDisposable
    where T : class
{
    /// <summary>How many entries are walked before the cursor is opened anew behind a prefix: about what opening costs.</summary>
    private const int WalkLimit = 32;

    private readonly Func<string, CancellationToken, IAsyncEnumerable<T>> _open;
    private readonly Func<T, string> _keyOf;
    private string _after;
    private IAsyncEnumerator<T>? _items;
    private T? _current;
    private bool _hasEnded;

    /// <summary>A cursor over what <paramref name="open"/> gives of the keys strictly after a key.</summary>
    public KeyCursor(Func<string, CancellationToken, IAsyncEnumerable<T>> open, Func<T, string> keyOf, string after)
    {
        _open = open;
        _keyOf = keyOf;
        _after = after;
    }

    /// <summary>Begins to look for the first entry, where nobody has yet: who asks others at the same time need not wait for both in turn.</summary>
    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        if (_items is null && _current is null && !_hasEnded)
        {
            await MoveAsync(cancellationToken);
        }
    }

    /// <summary>The first entry at or after <paramref name="key"/>, or null. Asking for an earlier key than before gives the same entry again.</summary>
    public async ValueTask<T?> SeekAsync(string key, CancellationToken cancellationToken)
    {
        if (_current is null && !_hasEnded)
        {
            await MoveAsync(cancellationToken);
        }

        while (_current is not null && Utf8Order.Compare(_keyOf(_current), key) < 0)
        {
            await MoveAsync(cancellationToken);
        }

        return _current;
    }

    /// <summary>The entry after the one that was found last, or null.</summary>
    public async ValueTask<T?> NextAsync(CancellationToken cancellationToken)
    {
        await MoveAsync(cancellationToken);
        return _current;
    }

    /// <summary>Leaves out all entries under a common prefix.</summary>
    public async ValueTask SkipUnderAsync(string prefix, CancellationToken cancellationToken)
    {
        var walked = 0;
        while (_current is not null && _keyOf(_current).StartsWith(prefix, StringComparison.Ordinal))
        {
            if (++walked == WalkLimit)
            {
                await CloseAsync();
                _after = Places.Beyond(prefix);
            }

            await MoveAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => CloseAsync();

    private async ValueTask MoveAsync(CancellationToken cancellationToken)
    {
        _items ??= _open(_after, cancellationToken).GetAsyncEnumerator(cancellationToken);
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
        if (_items is not null)
        {
            await _items.DisposeAsync();
            _items = null;
        }
    }
}
