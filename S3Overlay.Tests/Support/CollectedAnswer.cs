using System.IO.Pipelines;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Support;

/// <summary>An answer that a test reads: all that was sent, and when.</summary>
public sealed class CollectedAnswer : S3Answer
{
    private readonly Sink _sink;

    public CollectedAnswer()
    {
        _sink = new Sink(this);
        Body = PipeWriter.Create(_sink, new StreamPipeWriterOptions(leaveOpen: true));
    }

    public override int Status { get; set; } = 200;

    public override IHeaderDictionary Headers { get; } = new HeaderDictionary();

    public override bool HasStarted => _sink.HasStarted;

    public override PipeWriter Body { get; }

    public bool IsAborted { get; private set; }

    /// <summary>Runs when bytes are about to be sent; an unfinished task is a client that reads slowly.</summary>
    public Func<CollectedAnswer, Task>? OnSending { get; set; }

    /// <summary>The bytes sent so far.</summary>
    public byte[] Bytes => _sink.ToArray();

    public long Length => _sink.Length;

    public override Task StartAsync(CancellationToken cancellationToken) => Body.FlushAsync(cancellationToken).AsTask();

    public override void Abort()
    {
        base.Abort();
        IsAborted = true;
    }

    /// <summary>Finishes once so many bytes were sent.</summary>
    public Task ReachedAsync(long length) => _sink.ReachedAsync(length);

    private sealed class Sink(CollectedAnswer owner) : Stream
    {
        private readonly Lock _lock = new();
        private readonly MemoryStream _bytes = new();
        private readonly List<(long Length, TaskCompletionSource Reached)> _waiting = [];

        public bool HasStarted { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length
        {
            get
            {
                lock (_lock)
                {
                    return _bytes.Length;
                }
            }
        }

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public byte[] ToArray()
        {
            lock (_lock)
            {
                return _bytes.ToArray();
            }
        }

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

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            HasStarted = true;
            if (owner.OnSending is not null)
            {
                await owner.OnSending(owner).WaitAsync(cancellationToken);
            }

            lock (_lock)
            {
                _bytes.Write(buffer.Span);
                foreach (var waiting in _waiting.Where(waiting => waiting.Length <= _bytes.Length).ToList())
                {
                    _waiting.Remove(waiting);
                    waiting.Reached.SetResult();
                }
            }
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
