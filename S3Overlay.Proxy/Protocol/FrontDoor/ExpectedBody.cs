using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.FrontDoor;

/// <summary>
/// The body of a request that says <c>Expect: 100-continue</c>: its client sends it only once it is called for, which the first read does. Where the answer comes
/// without that, the connection ends with it. Some clients (botocore among them) then never send the body and use the connection for their next request, whose
/// first bytes the web server would take for the body that it still waits for.
/// </summary>
/// <remarks>https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1</remarks>
internal sealed class ExpectedBody : Stream
{
    private readonly Stream _body;
    private bool _wasCalledFor;

    private ExpectedBody(Stream body) => _body = body;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Sees to it that the connection is not used again where the body is never called for. HTTP/2 keeps its requests apart by itself.</summary>
    public static void Watch(HttpContext context)
    {
        if (context.Request.Headers.Expect.Count == 0 || !HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            return;
        }

        var body = new ExpectedBody(context.Request.Body);
        context.Request.Body = body;
        context.Response.OnStarting(() =>
        {
            if (!body._wasCalledFor)
            {
                context.Response.Headers.Connection = "close";
            }

            return Task.CompletedTask;
        });
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _wasCalledFor = true;
        return _body.ReadAsync(buffer, cancellationToken);
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
