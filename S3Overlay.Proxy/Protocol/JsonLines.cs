using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// Writes JSON documents, each followed by a line feed, through a buffer that is sent as it fills. Escapes only what JSON requires: the
/// output is never part of a web page.
/// </summary>
public sealed class JsonLines
{
    /// <summary>Bytes buffered before they are sent.</summary>
    private const int Piece = 16 << 10;

    private readonly ArrayBufferWriter<byte> _buffer = new(512);

    /// <summary>Starts empty.</summary>
    public JsonLines() =>
        Writer = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Writes the document.</summary>
    public Utf8JsonWriter Writer { get; }

    /// <summary>Writes a time in ISO 8601, UTC, whole seconds.</summary>
    public void Date(string name, DateTimeOffset moment) =>
        Writer.WriteString(name, moment.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>Ends a document. The result holds everything written and not sent.</summary>
    public ReadOnlyMemory<byte> EndLine()
    {
        Writer.Flush();
        _buffer.Write("\n"u8);
        Writer.Reset();
        return _buffer.WrittenMemory;
    }

    /// <summary>Sends the buffer if it is full, so that a long list is never in memory as a whole.</summary>
    public ValueTask SendIfLongAsync(S3Response response, CancellationToken cancellationToken) =>
        Writer.BytesPending + _buffer.WrittenCount < Piece ? ValueTask.CompletedTask : SendAsync(response, cancellationToken);

    /// <summary>Ends a document and sends the rest of it.</summary>
    public ValueTask SendLineAsync(S3Response response, CancellationToken cancellationToken)
    {
        EndLine();
        return SendAsync(response, cancellationToken);
    }

    /// <summary>Sends what was written so far.</summary>
    public async ValueTask SendAsync(S3Response response, CancellationToken cancellationToken)
    {
        Writer.Flush();
        await response.WriteAsync(_buffer.WrittenMemory, cancellationToken);
        _buffer.ResetWrittenCount();
        if (Writer.CurrentDepth == 0)
        {
            Writer.Reset();
        }
    }
}
