using System.Xml;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>What an endpoint's error document says.</summary>
/// <param name="Code">The S3 code, or the empty string.</param>
/// <param name="Message">What it says to a person, or the empty string.</param>
/// <param name="Region">The region it names as the right one, or null.</param>
internal sealed record WireError(string Code, string Message, string? Region)
{
    /// <summary>An error document is a few hundred bytes; more is not read.</summary>
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
            // HEAD has no document, and proxies in between answer in HTML: the status is all there is then.
            return new WireError("", "", null);
        }
    }

    /// <summary>Ends after so many bytes.</summary>
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
