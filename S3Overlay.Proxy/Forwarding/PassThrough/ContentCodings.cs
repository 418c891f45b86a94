using System.IO.Compression;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>Documents that a store compressed because the client said that it can read that (MinIO does so from 1000 bytes on).</summary>
internal static class ContentCodings
{
    /// <summary>The document as it was; as it came where nobody compressed it, or in a way that is not known here.</summary>
    /// <param name="document">As it came.</param>
    /// <param name="coding">Its Content-Encoding, or null.</param>
    /// <param name="limit">No more bytes than these are made of it.</param>
    /// <param name="cancellationToken">The client has gone, or has waited long enough.</param>
    /// <exception cref="InvalidDataException">It is not what its Content-Encoding says.</exception>
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
            // So says the reader of Brotli.
            throw new InvalidDataException(broken.Message, broken);
        }
    }
}
