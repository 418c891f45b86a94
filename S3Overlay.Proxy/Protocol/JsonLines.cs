using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// JSON on its way out: written piece by piece into a buffer that is emptied as it fills, a line feed behind each document. Characters are
/// escaped where JSON needs it, and no others: what is sent is never put into a page.
/// </summary>
public sealed class JsonLines
{
    /// <summary>What is written before it is sent.</summary>
    private const int Piece = 16 << 10;

    private readonly ArrayBufferWriter<byte> _buffer = new(512);

    /// <summary>Begins with nothing.</summary>
    public JsonLines() =>
        Writer = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Writes the document.</summary>
    public Utf8JsonWriter Writer { get; }

    /// <summary>Writes a moment as ISO 8601 has it, in UTC and whole seconds.</summary>
    public void Date(string name, DateTimeOffset moment) =>
        Writer.WriteString(name, moment.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>Ends a document; all that was written is in the result until the next one begins.</summary>
    public ReadOnlyMemory<byte> EndLine()
    {
        Writer.Flush();
        _buffer.Write("\n"u8);
        return _buffer.WrittenMemory;
    }

    /// <summary>Sends what has been written, where that is much: a long list never is in memory as a whole.</summary>
    public ValueTask SendIfLongAsync(S3Response answer, CancellationToken cancellationToken) =>
        Writer.BytesPending + _buffer.WrittenCount < Piece ? ValueTask.CompletedTask : SendAsync(answer, cancellationToken);

    /// <summary>Ends a document, and sends what is left of it.</summary>
    public ValueTask SendLineAsync(S3Response answer, CancellationToken cancellationToken)
    {
        EndLine();
        return SendAsync(answer, cancellationToken);
    }

    private async ValueTask SendAsync(S3Response answer, CancellationToken cancellationToken)
    {
        Writer.Flush();
        await answer.WriteAsync(_buffer.WrittenMemory, cancellationToken);
        _buffer.ResetWrittenCount();
        if (Writer.CurrentDepth == 0)
        {
            Writer.Reset();
        }
    }
}
