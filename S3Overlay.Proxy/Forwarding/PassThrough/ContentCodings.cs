using System.IO.Compression;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>Decodes documents that a store compressed because the client accepts that. MinIO does so from 1000 bytes on.</summary>
internal static class ContentCodings
{
    /// <summary>The decoded document; unchanged if it has no encoding or an unknown one.</summary>
    /// <param name="limit">The most bytes to decode.</param>
    /// <exception cref="InvalidDataException">The document does not match its Content-Encoding.</exception>
    public static async ValueTask<byte[]> DecodeAsync(byte[] document, string? coding, int limit, CancellationToken cancellationToken)
    {
        var compressed = new MemoryStream(document);
        await using Stream? stream = coding?.Trim().ToLowerInvariant() switch
        {
            "gzip" or "x-gzip" => new GZipStream(compressed, CompressionMode.Decompress),
            "deflate" => new ZLibStream(compressed, CompressionMode.Decompress),
            "br" => new BrotliStream(compressed, CompressionMode.Decompress),
            _ => null,
        };
        if (stream is null)
        {
            return document;
        }

        try
        {
            var decoded = new byte[limit];
            return decoded[..await stream.ReadAtLeastAsync(decoded, limit, throwOnEndOfStream: false, cancellationToken)];
        }
        catch (InvalidOperationException broken)
        {
            // Brotli reports corrupt data this way.
            throw new InvalidDataException(broken.Message, broken);
        }
    }
}
