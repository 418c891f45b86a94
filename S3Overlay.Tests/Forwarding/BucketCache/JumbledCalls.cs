using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>Lets a store's calls take effect one at a time, in random order: with each seed the same work takes another course.</summary>
internal sealed class JumbledCalls : IAsyncDisposable
{
    private readonly StoreServer _server;
    private readonly Random _random;
    private readonly List<TaskCompletionSource> _waiting = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _pump;
    private TaskCompletionSource _came = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public JumbledCalls(StoreServer server, int seed)
    {
        (_server, _random) = (server, new Random(seed));
        server.Before = _ => WaitAsync();
        _pump = Task.Run(PumpAsync);
    }

    public async ValueTask DisposeAsync()
    {
        _server.Before = null;
        await _stop.CancelAsync();
        await _pump;
        lock (_waiting)
        {
            _waiting.ForEach(waiting => waiting.TrySetResult());
        }

        _stop.Dispose();
    }

    private Task WaitAsync()
    {
        lock (_waiting)
        {
            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add(turn);
            _came.TrySetResult();
            return turn.Task;
        }
    }

    private async Task PumpAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Task came;
            lock (_waiting)
            {
                if (_waiting.Count == 0)
                {
                    _came = new(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                came = _came.Task;
            }

            try
            {
                await came.WaitAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            // Others may be about to come: how long they are waited for is drawn too.
            for (var yields = _random.Next(400); yields > 0; yields--)
            {
                await Task.Yield();
            }

            lock (_waiting)
            {
                var next = _random.Next(_waiting.Count);
                _waiting[next].TrySetResult();
                _waiting.RemoveAt(next);
            }
        }
    }
}
