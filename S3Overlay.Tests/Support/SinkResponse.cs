using System.IO.Pipelines;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Support;

/// <summary>A response without a connection. Derived classes receive its bytes.</summary>
public abstract class SinkResponse : S3Response
{
    private readonly Sink _sink;

    protected SinkResponse()
    {
        _sink = new Sink(TakeAsync);
        Body = PipeWriter.Create(_sink, new StreamPipeWriterOptions(leaveOpen: true));
    }

    public override int Status { get; set; } = 200;

    public override IHeaderDictionary Headers { get; } = new HeaderDictionary();

    public override bool HasStarted => _sink.HasStarted;

    public override PipeWriter Body { get; }

    public bool IsAborted { get; private set; }

    public override void Abort()
    {
        base.Abort();
        IsAborted = true;
    }

    /// <summary>Gets the sent bytes, piece by piece.</summary>
    protected abstract ValueTask TakeAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken);

    private sealed class Sink(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> take) : Stream
    {
        public bool HasStarted { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            HasStarted = true;
            return take(buffer, cancellationToken);
        }

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
