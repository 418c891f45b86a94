using System.IO.Pipelines;
using System.Security.Cryptography;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Support;

/// <summary>An answer of which nothing is kept but a digest, so that many large ones can be read at once.</summary>
public sealed class HashedAnswer : S3Answer
{
    private readonly Sink _sink;

    /// <summary>An answer that tells of each piece that is sent.</summary>
    public HashedAnswer(Action onPiece)
    {
        _sink = new Sink(onPiece);
        Body = PipeWriter.Create(_sink, new StreamPipeWriterOptions(leaveOpen: true));
    }

    public override int Status { get; set; } = 200;

    public override IHeaderDictionary Headers { get; } = new HeaderDictionary();

    public override bool HasStarted => _sink.HasStarted;

    public override PipeWriter Body { get; }

    public bool IsAborted { get; private set; }

    /// <summary>The SHA-256 of what was sent.</summary>
    public byte[] Hash => _sink.Hash;

    public override Task StartAsync(CancellationToken cancellationToken) => Body.FlushAsync(cancellationToken).AsTask();

    public override void Abort()
    {
        base.Abort();
        IsAborted = true;
    }

    private sealed class Sink(Action onPiece) : Stream
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public bool HasStarted { get; private set; }

        public byte[] Hash => _hash.GetCurrentHash();

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
            _hash.AppendData(buffer.Span);
            onPiece();
            return ValueTask.CompletedTask;
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
