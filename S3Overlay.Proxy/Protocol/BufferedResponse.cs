using System.IO.Pipelines;
using System.Xml;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// An answer kept in memory, for a service that asks another one and looks at what it says. For answers that are small by nature (results
/// and errors in XML, never an object's bytes): a body beyond <see cref="Limit"/> is an error.
/// </summary>
public sealed class BufferedResponse : S3Response
{
    /// <summary>
    /// The most a body may hold: room for any listing page or delete result, whose thousand keys have six bytes for each of their own at
    /// most.
    /// </summary>
    public const int Limit = 8 << 20;

    private readonly MemoryStream _body = new();
    private PipeWriter? _writer;
    private bool _started;

    /// <inheritdoc/>
    public override int Status { get; set; } = StatusCodes.Status200OK;

    /// <inheritdoc/>
    public override IHeaderDictionary Headers { get; } = new HeaderDictionary();

    /// <inheritdoc/>
    public override bool HasStarted => _started;

    /// <inheritdoc/>
    public override PipeWriter Body => _writer ??= PipeWriter.Create(new BoundedStream(this), new StreamPipeWriterOptions(leaveOpen: true));

    /// <summary>The body so far. Complete once the service has returned and <see cref="FinishAsync"/> was called.</summary>
    public ReadOnlyMemory<byte> Content => _body.GetBuffer().AsMemory(0, (int)_body.Length);

    /// <summary>Brings what was written but not flushed into <see cref="Content"/>.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        if (_writer is not null)
        {
            await _writer.FlushAsync(cancellationToken);
        }
    }

    /// <summary>What the answer's error document says; null where it has none that says so, as a gateway's page.</summary>
    public async ValueTask<S3Error?> ErrorAsync(CancellationToken cancellationToken)
    {
        await FinishAsync(cancellationToken);
        try
        {
            return !Content.IsEmpty && S3XmlReader.Parse(Content) is var error && error.ChildText("Code") is { Length: > 0 } code
                ? new S3Error(code, Status, error.ChildText("Message") ?? "")
                : null;
        }
        catch (XmlException)
        {
            return null;
        }
    }

    /// <summary>Hands the answer on as it is.</summary>
    public async Task CopyToAsync(S3Response target, CancellationToken cancellationToken)
    {
        await FinishAsync(cancellationToken);
        if (IsCut)
        {
            target.Abort();
            return;
        }

        target.Status = Status;
        foreach (var header in Headers)
        {
            target.Headers.SetAsIs(header.Key, header.Value);
        }

        if (Content.Length > 0)
        {
            await target.WriteAsync(Content, cancellationToken);
        }
    }

    /// <summary>Refuses what would not be small.</summary>
    private sealed class BoundedStream(BufferedResponse owner) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            owner._started = true;
            if (owner._body.Length + buffer.Length > Limit)
            {
                throw new InvalidOperationException("An answer that was to be looked at is too large to be kept in memory.");
            }

            owner._body.Write(buffer);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }
    }
}
