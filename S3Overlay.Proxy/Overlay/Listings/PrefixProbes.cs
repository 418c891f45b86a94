using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// The looks into folders of one listing. Where one is needed, more will be: a page may have a thousand folders with a deleted file in
/// each. Small ones are read through together, a thousand keys a call; larger ones are looked into one by one, a few at a time, so that
/// nobody waits for a thousand round trips one after another.
/// </summary>
/// <remarks>
/// Which of both it is shows when the keys are read: where a page of them tells of fewer than <see cref="Worthwhile"/> folders, the next
/// <see cref="Ahead"/> are looked into by themselves before that is tried again, and twice as many each further time. So no more calls are
/// made than each folder takes by itself, plus one for every <see cref="Ahead"/>.
/// </remarks>
public sealed class PrefixProbes(PrefixProbe probe, PrefixReading reading) : IAsyncDisposable
{
    /// <summary>How many are looked into at once.</summary>
    private const int Ahead = 8;

    /// <summary>How many folders with deleted keys a page of keys must tell of to be better than a look into each.</summary>
    private const int Worthwhile = 3;

    /// <summary>Of so many keys for each row that the page has room for, the first page of keys is.</summary>
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

    /// <summary>Whether a key under <paramref name="prefix"/> is visible.</summary>
    /// <param name="prefix">A common prefix of the remote's that local has nothing under.</param>
    /// <param name="behind">Others that follow it, and that the page has room for.</param>
    /// <param name="room">How many rows the page has room for.</param>
    /// <param name="cancellationToken">Ends the wait and the looks.</param>
    public async Task<bool> FindsVisibleAsync(string prefix, IAsyncEnumerable<string> behind, int room, CancellationToken cancellationToken)
    {
        var isVisible = await LookAsync(prefix, behind, room, cancellationToken);
        _isInRun = !isVisible;
        return isVisible;
    }

    /// <summary>Forgets a look that turned out not to be needed: local has a key under the prefix, or no tombstone lies there.</summary>
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

        // Waited for at the end where it is not waited for here, because what is behind could not be read.
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
        // Where all is deleted, how much room there is says nothing of how much there is to be read.
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
