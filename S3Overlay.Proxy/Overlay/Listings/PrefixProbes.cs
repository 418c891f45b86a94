using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// The probes of one listing. When one is needed, those of the rows behind it are started too, a few at a time: a page of a thousand folders with a deleted
/// file in each would otherwise wait for a thousand round trips one after another.
/// </summary>
public sealed class PrefixProbes(PrefixProbe probe) : IAsyncDisposable
{
    /// <summary>How many run at once.</summary>
    private const int Ahead = 8;

    private readonly Dictionary<string, Task<bool>> _running = new(StringComparer.Ordinal);
    private readonly List<Task> _unneeded = [];
    private readonly CancellationTokenSource _left = new();

    /// <summary>Whether a key under <paramref name="prefix"/> is visible.</summary>
    /// <param name="prefix">A common prefix of the remote's that local has nothing under.</param>
    /// <param name="behind">The rows that follow it.</param>
    /// <param name="wanted">How many of them the page has room for.</param>
    /// <param name="cancellationToken">Ends the wait and the probes.</param>
    public async Task<bool> FindsVisibleAsync(string prefix, IEnumerable<ListingRow> behind, int wanted, CancellationToken cancellationToken)
    {
        using var left = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _left);
        if (!_running.Remove(prefix, out var found))
        {
            found = probe.FindsVisibleAsync(prefix, _left.Token);
        }

        foreach (var row in behind.Take(wanted))
        {
            if (_running.Count >= Ahead - 1)
            {
                break;
            }

            if (row.IsPrefix && !_running.ContainsKey(row.Name))
            {
                _running.Add(row.Name, probe.FindsVisibleAsync(row.Name, _left.Token));
            }
        }

        return await found;
    }

    /// <summary>Forgets a probe that turned out not to be needed: local has a key under the prefix, or no tombstone lies there.</summary>
    public void Forget(string prefix)
    {
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
}
