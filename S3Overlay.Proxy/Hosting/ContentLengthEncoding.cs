using System.Text;

namespace S3Overlay.Proxy.Hosting;

/// <summary>
/// How the web server reads Content-Length. Its parser takes a sign and white space for part of the number, and fails on a text that is
/// longer than its buffer. This encoding gives it digits, or something that it refuses with a 400.
/// </summary>
/// <remarks>RFC 9110, section 8.6: Content-Length is 1*DIGIT.</remarks>
internal sealed class ContentLengthEncoding : Encoding
{
    /// <summary>The only one.</summary>
    public static readonly ContentLengthEncoding Instance = new();

    private const char Refused = '?';

    private ContentLengthEncoding()
    {
    }

    /// <inheritdoc/>
    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        if (bytes.Length <= chars.Length && !bytes.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return Ascii.ToUtf16(bytes, chars, out var written) == System.Buffers.OperationStatus.Done ? written : 0;
        }

        chars = chars[..Math.Min(bytes.Length, chars.Length)];
        chars.Fill(Refused);
        return chars.Length;
    }

    /// <inheritdoc/>
    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
        GetChars(bytes.AsSpan(byteIndex, byteCount), chars.AsSpan(charIndex));

    /// <inheritdoc/>
    public override int GetCharCount(byte[] bytes, int index, int count) => count;

    /// <inheritdoc/>
    public override int GetMaxCharCount(int byteCount) => byteCount;

    /// <inheritdoc/>
    public override int GetByteCount(char[] chars, int index, int count) => count;

    /// <inheritdoc/>
    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    /// <inheritdoc/>
    public override int GetMaxByteCount(int charCount) => charCount;
}
