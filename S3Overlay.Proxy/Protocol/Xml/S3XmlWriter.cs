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

    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, ' ').Select(static c => (char)c).Except(['\n', '\t']), '&', '<', '>', '"', '\uFFFE', '\uFFFF']);

    /// <summary>From the pool; given back once the document is sent.</summary>
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(4096);
    private int _length;

    /// <summary>Starts a document with the XML declaration.</summary>
    public S3XmlWriter() => Raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");

    /// <summary>The document so far. Empty once it is sent.</summary>
    public ReadOnlyMemory<byte> Content => _buffer.AsMemory(0, _length);

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
    public S3XmlWriter Element(string name, long number)
    {
        Open(name);
        number.TryFormat(Room(20), out var written, provider: CultureInfo.InvariantCulture);
        _length += written;
        return Close(name);
    }

    /// <summary>An element with <c>true</c> or <c>false</c>.</summary>
    public S3XmlWriter Element(string name, bool flag) => Element(name, flag ? "true" : "false");

    /// <summary>An element with a date.</summary>
    public S3XmlWriter Element(string name, DateTimeOffset date)
    {
        Open(name);
        _length += HttpDates.WriteXml(date, Room(HttpDates.XmlLength));
        return Close(name);
    }

    /// <summary>Writes markup as it is.</summary>
    public S3XmlWriter Raw(string markup)
    {
        Write(markup);
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

        GiveBack();
    }

    /// <summary>The document as text. It is empty afterwards.</summary>
    public string TakeText()
    {
        var text = Encoding.UTF8.GetString(Content.Span);
        GiveBack();
        return text;
    }

    private void Text(string text)
    {
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            var plain = rest.IndexOfAny(Escaped);
            if (plain < 0)
            {
                Write(rest);
                return;
            }

            Write(rest[..plain]);
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

    private void Write(ReadOnlySpan<char> text) =>
        _length += Encoding.UTF8.GetBytes(text, Room(Encoding.UTF8.GetMaxByteCount(text.Length)));

    private void GiveBack()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _length) = ([], 0);
    }

    /// <summary>At least <paramref name="size"/> bytes behind the document so far.</summary>
    private Span<byte> Room(int size)
    {
        if (_buffer.Length - _length < size)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(2 * _buffer.Length, _length + size));
            Content.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return _buffer.AsSpan(_length);
    }
}
