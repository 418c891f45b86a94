using System.Xml;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>An S3 error document.</summary>
/// <param name="Code">The S3 error code; empty if there is none.</param>
/// <param name="Message">The message for people; empty if there is none.</param>
/// <param name="Region">The region that the error names as the right one; null for none.</param>
internal sealed record WireError(string Code, string Message, string? Region)
{
    /// <summary>Error documents are a few hundred bytes. More than this is not read.</summary>
    private const int Limit = 64 << 10;

    private static readonly XmlReaderSettings Settings = new()
    {
        Async = true, DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = Limit, CheckCharacters = false,
    };

    public static async Task<WireError> ReadAsync(WireResponse answer, CancellationToken cancellationToken)
    {
        try
        {
            await using var body = await answer.BodyAsync(cancellationToken);
            using var reader = XmlReader.Create(new LimitedStream(body, Limit), Settings);
            var root = await XElement.LoadAsync(reader, LoadOptions.None, cancellationToken);
            string? Text(string name) => root.Elements().FirstOrDefault(e => e.Name.LocalName == name)?.Value;
            return new WireError(Text("Code") ?? "", Text("Message") ?? "", Text("Region"));
        }
        catch (Exception e) when (e is XmlException or IOException or HttpRequestException)
        {
            // HEAD has no document, and gateways send HTML. Only the status is left.
            return new WireError("", "", null);
        }
    }

    private sealed class LimitedStream(Stream inner, int limit) : ForwardStream
    {
        private int _left = limit;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer[..Math.Min(buffer.Length, _left)], cancellationToken);
            _left -= read;
            return read;
        }
    }
}
