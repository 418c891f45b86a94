using System.Globalization;
using System.IO.Pipelines;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>A request and its response on the client's connection.</summary>
public sealed partial class S3FrontDoor
{
    /// <summary>The limit for the names and values of all headers together: 8 KB, as in S3.</summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html</remarks>
    private const int MaxHeaderBytes = 8 * 1024;
    private const string IdAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private static long s_nextId = Random.Shared.NextInt64();

    /// <summary>The next request id: sixteen characters as in S3, unique in this process and very likely everywhere.</summary>
    private static string NextRequestId() =>
        string.Create(16, Interlocked.Add(ref s_nextId, unchecked((long)0x9E3779B97F4A7C15)), static (span, value) =>
        {
            // Thirteen digits hold the 64 bits. An odd step visits every value before one repeats.
            var bits = (ulong)value;
            for (var i = span.Length - 1; i >= 0; i--)
            {
                span[i] = IdAlphabet[(int)(bits & 31)];
                bits = (bits >> 5) | (bits << 59);
            }
        });

    /// <summary>Rejects a request with more than <see cref="MaxHeaderBytes"/> of headers.</summary>
    /// <exception cref="S3Exception">RequestHeaderSectionTooLarge.</exception>
    private static void CheckHeaderSize(IHeaderDictionary headers)
    {
        // A character is a byte here: header values are read as Latin-1.
        var size = 0;
        foreach (var (name, values) in headers)
        {
            for (var i = 0; i < values.Count; i++)
            {
                size += name.Length + (values[i]?.Length ?? 0);
            }
        }

        if (size > MaxHeaderBytes)
        {
            throw new S3Exception(S3Errors.RequestHeaderSectionTooLarge)
                { Details = [new("MaxSizeAllowed", MaxHeaderBytes.ToString(CultureInfo.InvariantCulture))] };
        }
    }

    /// <summary>A response written directly to the client's connection.</summary>
    private sealed class KestrelResponse(HttpContext context) : S3Response
    {
        private readonly HttpResponse _response = context.Response;

        /// <inheritdoc/>
        public override int Status
        {
            get => _response.StatusCode;
            set => _response.StatusCode = FixedStatus ?? value;
        }

        /// <summary>The status in place of every other; null for none.</summary>
        public int? FixedStatus { get; set; }

        /// <inheritdoc/>
        public override IHeaderDictionary Headers => _response.Headers;

        /// <inheritdoc/>
        public override bool HasStarted => _response.HasStarted || Sent > 0;

        /// <inheritdoc/>
        public override PipeWriter Body => _response.BodyWriter;

        /// <inheritdoc/>
        public override void Abort()
        {
            base.Abort();
            _response.HttpContext.Abort();
        }
    }

    /// <summary>
    /// The body of a request with <c>Expect: 100-continue</c>. The client sends it only when the first read asks for it. If the response
    /// comes first, the connection must close: some clients (botocore) then skip the body and reuse the connection, and the server would
    /// read the next request as this body.
    /// </summary>
    /// <remarks>https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1</remarks>
    private sealed class ExpectedBody : ForwardStream
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
}
