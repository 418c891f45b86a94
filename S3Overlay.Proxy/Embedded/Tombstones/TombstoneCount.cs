using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;

namespace S3Overlay.Proxy.Embedded.Tombstones;

/// <summary>
/// Counts tombstones. Those present at the start are counted in the background, so that the start does not grow with the data: the count is
/// complete a moment later.
/// </summary>
internal sealed class TombstoneCount : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _counting = Task.CompletedTask;
    private long _count;

    public long Value => Math.Max(0, Interlocked.Read(ref _count));

    /// <summary>Starts counting what is there now. Call before any change.</summary>
    public void Begin(OrderedIndex index)
    {
        var before = index.Snapshot();
        _counting = Task.Run(() => CountAll(before));
    }

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
