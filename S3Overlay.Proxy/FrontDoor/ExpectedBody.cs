using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>
/// The body of a request that says <c>Expect: 100-continue</c>: its client sends it only once it is called for, which the first read does.
/// Where the answer comes without that, the connection ends with it. Some clients (botocore among them) then never send the body and use
/// the connection for their next request, whose first bytes the web server would take for the body that it still waits for.
/// </summary>
/// <remarks>https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1</remarks>
internal sealed class ExpectedBody : ForwardStream
{
    private readonly Stream _body;
    private bool _wasCalledFor;

    private ExpectedBody(Stream body) => _body = body;

    /// <summary>
    /// Sees to it that the connection is not used again where the body is never called for. HTTP/2 keeps its requests apart by itself.
    /// </summary>
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
