using System.Net;
using System.Security.Cryptography;

using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>A body that can be sent again: bytes in memory or a file.</summary>
/// <param name="Sha256">Its SHA-256 in lower-case hex, or <see cref="SigV4.UnsignedPayload"/>.</param>
/// <param name="CopyToAsync">Writes the whole body.</param>
internal sealed record WireBody(long Length, string Sha256, Func<Stream, CancellationToken, Task> CopyToAsync)
{
    public static WireBody Of(ReadOnlyMemory<byte> bytes) => new(
        bytes.Length,
        Convert.ToHexStringLower(SHA256.HashData(bytes.Span)),
        (target, cancellationToken) => target.WriteAsync(bytes, cancellationToken).AsTask());

    public HttpContent ToContent() => new Content(this);

    private sealed class Content : HttpContent
    {
        private readonly WireBody _body;

        public Content(WireBody body)
        {
            _body = body;
            Headers.ContentLength = body.Length;
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            _body.CopyToAsync(stream, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = _body.Length;
            return true;
        }
    }
}
