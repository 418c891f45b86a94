using System.Threading.Channels;

namespace S3Overlay.Proxy.Embedded.Journals;

/// <summary>
/// Group commit: items that arrive while a commit is written wait for the next one and share it. One commit at a time, in the order of
/// arrival, on the thread pool, since disk writes block.
/// </summary>
/// <param name="write">Makes a group of items durable; its exception fails every item of the group.</param>
internal sealed class Committer<T>(Action<IReadOnlyList<T>> write) : IAsyncDisposable
{
    private readonly Channel<(T Item, TaskCompletionSource Done)> _waiting =
        Channel.CreateUnbounded<(T, TaskCompletionSource)>(new UnboundedChannelOptions { SingleReader = true });

    private Task? _worker;
    private readonly Lock _start = new();

    public async ValueTask CommitAsync(T item)
    {
        EnsureStarted();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_waiting.Writer.TryWrite((item, done)))
        {
            throw new ObjectDisposedException(nameof(Committer<T>));
        }

        await done.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        if (_worker is { } worker)
        {
            await worker;
        }
    }

    private void EnsureStarted()
    {
        if (_worker is null)
        {
            lock (_start)
            {
                _worker ??= Task.Run(RunAsync);
            }
        }
    }

    private async Task RunAsync()
    {
        var items = new List<T>();
        var dones = new List<TaskCompletionSource>();
        while (await _waiting.Reader.WaitToReadAsync())
        {
            while (items.Count < 4096 && _waiting.Reader.TryRead(out var next))
            {
                items.Add(next.Item);
                dones.Add(next.Done);
            }

            try
            {
                write(items);
                dones.ForEach(done => done.SetResult());
            }
            catch (Exception failure)
            {
                dones.ForEach(done => done.SetException(failure));
            }

            items.Clear();
            dones.Clear();
        }
    }
}
