using System.Buffers;
using System.Buffers.Text;

namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>The line before a chunk: <c>10000;chunk-signature=ad80...</c>.</summary>
internal readonly record struct ChunkHeader(long Size, bool HasSignature)
{
    /// <summary>The longest line accepted.</summary>
    public const int MaxLength = 1024;

    private const long MaxSize = 5L << 30;

    /// <summary>Parses a line, and the 32 bytes of its signature if it has one.</summary>
    public static bool TryParse(ReadOnlySpan<byte> line, Span<byte> signature, out ChunkHeader header)
    {
        header = default;
        var end = line.IndexOf((byte)';');
        var digits = (end < 0 ? line : line[..end]).Trim((byte)' ');
        if (digits.IsEmpty
            || digits.Length > 15
            || !Utf8Parser.TryParse(digits, out long size, out var consumed, 'x')
            || consumed != digits.Length
            || size is < 0 or > MaxSize)
        {
            return false;
        }

        var hasSignature = false;
        while (end >= 0)
        {
            line = line[(end + 1)..];
            end = line.IndexOf((byte)';');
            var extension = (end < 0 ? line : line[..end]).Trim((byte)' ');
            if (!extension.StartsWith("chunk-signature="u8))
            {
                continue;
            }

            var hex = extension["chunk-signature=".Length..];
            if (hasSignature
                || hex.Length != signature.Length * 2
                || Convert.FromHexString(hex, signature, out _, out _) != OperationStatus.Done)
            {
                return false;
            }

            hasSignature = true;
        }

        header = new(size, hasSignature);
        return true;
    }
}
