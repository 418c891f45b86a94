using System.Buffers;
using System.Globalization;
using System.Text;

using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Protocol.Xml;

/// <summary>
/// Writes S3's XML as bytes. Characters that XML 1.0 forbids become numeric references, as in S3, and so do carriage returns, which a
/// reader would normalise in keys.
/// </summary>
public sealed class S3XmlWriter
{
    /// <summary>The namespace of S3's documents.</summary>
    public const string Namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

    private readonly ArrayBufferWriter<byte> _buffer = new(1024);

    /// <summary>Starts a document with the XML declaration.</summary>
    public S3XmlWriter() => Raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");

    /// <summary>The document so far.</summary>
    public ReadOnlyMemory<byte> Content => _buffer.WrittenMemory;

    /// <summary>Opens the root element in S3's namespace.</summary>
    public S3XmlWriter Root(string name) => Raw("<").Raw(name).Raw(" xmlns=\"" + Namespace + "\">");

    /// <summary>Opens an element.</summary>
    public S3XmlWriter Open(string name) => Raw("<").Raw(name).Raw(">");

    /// <summary>Closes an element.</summary>
    public S3XmlWriter Close(string name) => Raw("</").Raw(name).Raw(">");

    /// <summary>An element with text.</summary>
    public S3XmlWriter Element(string name, string text)
    {
        Open(name);
        Text(text);
        return Close(name);
    }

    /// <summary>An element with text; nothing if the text is null.</summary>
    public S3XmlWriter Optional(string name, string? text) => text is null ? this : Element(name, text);

    /// <summary>An element with a number.</summary>
    public S3XmlWriter Element(string name, long number) => Element(name, number.ToString(CultureInfo.InvariantCulture));

    /// <summary>An element with <c>true</c> or <c>false</c>.</summary>
    public S3XmlWriter Element(string name, bool flag) => Element(name, flag ? "true" : "false");

    /// <summary>An element with a date.</summary>
    public S3XmlWriter Element(string name, DateTimeOffset date) => Element(name, HttpDates.Xml(date));

    /// <summary>Writes markup as it is.</summary>
    public S3XmlWriter Raw(string markup)
    {
        Encoding.UTF8.GetBytes(markup, _buffer);
        return this;
    }

    /// <summary>Sends the document as the body of a response.</summary>
    public async Task SendAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        response.Headers.ContentType = "application/xml";
        response.Headers.ContentLength = Content.Length;
        if (!request.IsHead)
        {
            await response.WriteAsync(Content, cancellationToken);
        }
    }

    private void Text(string text)
    {
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var plain = 0;
            while (plain < rest.Length && !NeedsEscape(rest[plain]))
            {
                plain++;
            }

            Encoding.UTF8.GetBytes(rest[..plain], _buffer);
            if (plain == rest.Length)
            {
                return;
            }

            Raw(rest[plain] switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                var c => string.Create(CultureInfo.InvariantCulture, $"&#x{(int)c:X};"),
            });
            rest = rest[(plain + 1)..];
        }
    }

    private static bool NeedsEscape(char c) => c is '&' or '<' or '>' or '"' or '\uFFFE' or '\uFFFF'
        || (c < ' ' && c is not '\n' and not '\t');
}
