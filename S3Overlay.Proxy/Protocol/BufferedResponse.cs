using System.IO.Pipelines;
using System.Xml;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// A response in memory, for a service that calls another one and inspects the result. For small responses only (XML results and errors,
/// never an object's bytes): a body above <see cref="Limit"/> is an error.
/// </summary>
public sealed class BufferedResponse : S3Response
{
    /// <summary>
    /// The size limit: enough for any listing page or delete result, whose thousand keys take at most six bytes per byte.
    /// </summary>
    public const int Limit = 8 << 20;

    private readonly BoundedStream _body = new();
    private PipeWriter? _writer;

    /// <inheritdoc/>
    public override int Status { get; set; } = StatusCodes.Status200OK;

    /// <inheritdoc/>
    public override IHeaderDictionary Headers { get; } = new HeaderDictionary();

    /// <inheritdoc/>
    public override bool HasStarted => _body.Length > 0;

    /// <inheritdoc/>
    public override PipeWriter Body => _writer ??= PipeWriter.Create(_body, new StreamPipeWriterOptions(leaveOpen: true));

    /// <summary>The body so far. Complete once the service returned and <see cref="FinishAsync"/> was called.</summary>
    public ReadOnlyMemory<byte> Content => _body.GetBuffer().AsMemory(0, (int)_body.Length);

    /// <summary>Moves unflushed bytes into <see cref="Content"/>.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        if (_writer is not null)
        {
            await _writer.FlushAsync(cancellationToken);
        }
    }

    /// <summary>The error in the response's document; null if it has none, such as a gateway's HTML page.</summary>
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

    /// <summary>Sends the response on unchanged.</summary>
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

    /// <summary>Rejects large bodies.</summary>
    private sealed class BoundedStream : MemoryStream
    {
        /// <summary>The pipe's writes end here. WriteByte would not.</summary>
        public override void Write(byte[] buffer, int offset, int count)
        {
            if (Length + count > Limit)
            {
                throw new InvalidOperationException("A buffered response is larger than the limit.");
            }

            base.Write(buffer, offset, count);
        }
    }
}
