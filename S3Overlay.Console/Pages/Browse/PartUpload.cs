using System.Globalization;
using System.Text;
using System.Xml.Linq;

using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Pages.Browse;

/// <summary>An object too large for one request, sent as parts while it arrives: nothing is kept here.</summary>
/// <param name="gateway">The proxy.</param>
/// <param name="path">The object.</param>
/// <param name="partSize">The size of each part but the last.</param>
internal sealed class PartUpload(ProxyGateway gateway, string path, long partSize)
{
    /// <summary>How long the proxy gets to begin an upload, and to forget the parts of one that failed.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Sends all parts and completes the object. If that fails, the parts are removed.</summary>
    /// <exception cref="ProxyError">The proxy refused.</exception>
    public async Task SendAsync(Stream body, long length, IReadOnlyList<KeyValuePair<string, string>> type,
        IReadOnlyList<KeyValuePair<string, string>> condition, CancellationToken cancellationToken)
    {
        var id = await BeginAsync(type);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            var parts = new XElement("CompleteMultipartUpload");
            for (var (number, rest) = (1, length); rest > 0; number++, rest -= partSize)
            {
                parts.Add(new XElement("Part", new XElement("PartNumber", number),
                    new XElement("ETag", await SendPartAsync(id, number, body, Math.Min(rest, partSize), cancellationToken))));
            }

            await CompleteAsync(id, parts, condition, cancellationToken);
        }
        catch
        {
            await ForgetAsync(id);
            throw;
        }
    }

    /// <summary>Begins the upload. Not cancelled: one whose id never arrives could not be removed.</summary>
    private async Task<string> BeginAsync(IReadOnlyList<KeyValuePair<string, string>> type)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            return ChildOf(await ReadAsync(new("POST", path, "uploads=") { Headers = type }, limit.Token), "UploadId")
                is { Length: > 0 } id ? id : throw new ProxyError(502, "NoUploadId", "The store began an upload without an id.");
        }
        catch (OperationCanceledException)
        {
            throw new ProxyError(504, "Timeout", "The store did not begin the upload in time.");
        }
    }

    private async Task<string> SendPartAsync(string id, int number, Stream body, long length, CancellationToken cancellationToken)
    {
        await using var done = await gateway.S3Async(new("PUT", path, Query(id).With("partNumber", Text(number)).ToString())
        {
            Body = new PartOfStream(body, length),
            Length = length,
        }, cancellationToken);
        return done.Headers.ETag.ToString();
    }

    private async Task CompleteAsync(
        string id, XElement parts, IReadOnlyList<KeyValuePair<string, string>> condition, CancellationToken cancellationToken)
    {
        var list = Encoding.UTF8.GetBytes(parts.ToString(SaveOptions.DisableFormatting));
        var result = await ReadAsync(new("POST", path, $"{Query(id)}")
        {
            Headers = condition,
            Body = new MemoryStream(list),
            Length = list.Length,
        }, cancellationToken);

        // S3 begins the response before it knows.
        if (result.Name.LocalName == "Error")
        {
            var code = ChildOf(result, "Code");
            throw new ProxyError(code == "PreconditionFailed" ? 412 : 500, code, ChildOf(result, "Message"));
        }
    }

    private async Task ForgetAsync(string id)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await using var gone = await gateway.SendAsync(new("DELETE", path, $"{Query(id)}"), limit.Token);
        }
        catch (Exception failure) when (failure is ProxyError or OperationCanceledException or IOException)
        {
            // The failure of the upload itself says more.
        }
    }

    private async Task<XElement> ReadAsync(ProxyRequest request, CancellationToken cancellationToken)
    {
        await using var response = await gateway.S3Async(request, cancellationToken);
        return (await XDocument.LoadAsync(response.Body, LoadOptions.None, cancellationToken)).Root!;
    }

    private static ProxyQuery Query(string id) => new ProxyQuery().With("uploadId", id);

    private static string ChildOf(XElement element, string name) =>
        element.Elements().FirstOrDefault(child => child.Name.LocalName == name)?.Value ?? "";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The next bytes of a stream.</summary>
internal sealed class PartOfStream(Stream stream, long length) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var rest = length - _position;
        var read = rest == 0 ? 0 : await stream.ReadAsync(buffer[..(int)Math.Min(buffer.Length, rest)], cancellationToken);
        _position += read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
        // Nothing is written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
