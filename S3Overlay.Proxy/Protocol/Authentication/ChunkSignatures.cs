using System.Security.Cryptography;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>
/// The chain of signatures over the chunks of a body. Each signs its chunk and the signature before it; the first follows the request's.
/// </summary>
/// <remarks>
/// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and
/// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
/// </remarks>
public sealed class ChunkSignatures
{
    private readonly SigningKey _key;
    private readonly string _time;
    private readonly string _scope;
    private readonly byte[] _previous = new byte[SHA256.HashSizeInBytes];

    /// <summary>Starts the chain.</summary>
    /// <param name="key">The key the request was signed with.</param>
    /// <param name="time">The time that was signed.</param>
    /// <param name="scope">The credential scope.</param>
    /// <param name="seed">The signature of the request, in hex.</param>
    public ChunkSignatures(SigningKey key, string time, string scope, string seed)
    {
        (_key, _time, _scope) = (key, time, scope);
        Convert.FromHexString(seed, _previous, out _, out _);
    }

    /// <summary>Computes the signature of the next chunk.</summary>
    /// <param name="hash">SHA-256 of the chunk's bytes.</param>
    /// <param name="signature">Receives the 32 bytes.</param>
    public void NextChunk(ReadOnlySpan<byte> hash, Span<byte> signature)
    {
        var writer = Begin("AWS4-HMAC-SHA256-PAYLOAD\n"u8, stackalloc byte[512]);
        writer.AppendLine(SigV4.EmptyPayload);
        End(ref writer, hash, signature);
    }

    /// <summary>Computes the signature of the trailer, which ends the chain.</summary>
    /// <param name="hash">SHA-256 of the trailer in its canonical form: <c>name:value\n</c> for each header, sorted.</param>
    /// <param name="signature">Where the 32 bytes go.</param>
    public void Trailer(ReadOnlySpan<byte> hash, Span<byte> signature)
    {
        var writer = Begin("AWS4-HMAC-SHA256-TRAILER\n"u8, stackalloc byte[512]);
        End(ref writer, hash, signature);
    }

    private CanonicalWriter Begin(ReadOnlySpan<byte> kind, Span<byte> stack)
    {
        var writer = new CanonicalWriter(stack);
        writer.Append(kind);
        writer.AppendLine(_time);
        writer.AppendLine(_scope);
        writer.AppendHex(_previous);
        writer.Append((byte)'\n');
        return writer;
    }

    private void End(ref CanonicalWriter writer, ReadOnlySpan<byte> hash, Span<byte> signature)
    {
        writer.AppendHex(hash);
        _key.Sign(writer.Written, _previous);
        _previous.CopyTo(signature);
        writer.Dispose();
    }
}
