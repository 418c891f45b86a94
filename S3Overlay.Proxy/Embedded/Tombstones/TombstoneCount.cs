using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;

namespace S3Overlay.Proxy.Embedded.Tombstones;

/// <summary>
/// How many tombstones the index has, kept as they come and go. Those that were there at the start are counted in the background, since a
/// start does not grow with the data: the figure is whole a moment after it.
/// </summary>
internal sealed class TombstoneCount : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _counting = Task.CompletedTask;
    private long _count;

    /// <summary>How many there are.</summary>
    public long Value => Math.Max(0, Interlocked.Read(ref _count));

    /// <summary>Counts what is there at this moment; before anything comes or goes.</summary>
    public void Begin(OrderedIndex index)
    {
        var before = index.Snapshot();
        _counting = Task.Run(() => CountAll(before));
    }

    /// <summary>Some came, or went.</summary>
    public void Add(long change) => Interlocked.Add(ref _count, change);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _counting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private void CountAll(IndexSnapshot before)
    {
        using (before)
        {
            using var cursor = before.OpenCursor();
            for (var found = cursor.Seek([RowKeys.Tombstone]); found && cursor.Key[0] == RowKeys.Tombstone
                && !_stopping.IsCancellationRequested; found = cursor.Next())
            {
                Add(1);
            }
        }
    }
}
