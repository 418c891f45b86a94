using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>
/// The body of a request with <c>Expect: 100-continue</c>. The client sends it only when the first read asks for it. If the response comes
/// first, the connection must close: some clients (botocore) then skip the body and reuse the connection, and the server would read the
/// next request as this body.
/// </summary>
/// <remarks>https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1</remarks>
internal sealed class ExpectedBody : ForwardStream
{
    private readonly Stream _body;
    private bool _wasCalledFor;

    private ExpectedBody(Stream body) => _body = body;

    /// <summary>Closes the connection after the response if the body was never asked for. HTTP/2 separates requests itself.</summary>
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
}
