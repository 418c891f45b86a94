namespace S3Overlay.Tests.Support;

/// <summary>A response that a test reads: all bytes sent, and when.</summary>
public sealed class CollectedResponse : SinkResponse
{
    private readonly Lock _lock = new();
    private readonly MemoryStream _bytes = new();
    private readonly List<(long Length, TaskCompletionSource Reached)> _waiting = [];

    /// <summary>Runs when bytes are about to be sent; an unfinished task is a client that reads slowly.</summary>
    public Func<CollectedResponse, Task>? OnSending { get; set; }

    /// <summary>The bytes sent so far.</summary>
    public byte[] Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes.ToArray();
            }
        }
    }

    /// <summary>The number of bytes sent so far.</summary>
    public long Length
    {
        get
        {
            lock (_lock)
            {
                return _bytes.Length;
            }
        }
    }

    /// <summary>Finishes once this many bytes were sent.</summary>
    public Task ReachedAsync(long length)
    {
        lock (_lock)
        {
            if (_bytes.Length >= length)
            {
                return Task.CompletedTask;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((length, reached));
            return reached.Task;
        }
    }

    protected override async ValueTask TakeAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        if (OnSending is not null)
        {
            await OnSending(this).WaitAsync(cancellationToken);
        }

        lock (_lock)
        {
            _bytes.Write(piece.Span);
            foreach (var waiting in _waiting.Where(waiting => waiting.Length <= _bytes.Length).ToList())
            {
                _waiting.Remove(waiting);
                waiting.Reached.SetResult();
            }
        }
    }
}
