namespace S3Overlay.Benchmarks.Load;

/// <summary>A request as bytes, ready to be sent.</summary>
/// <param name="Head">Request line and headers.</param>
/// <param name="Body">What follows them.</param>
/// <param name="ResponseHasBody">False if the response ends with its headers, whatever their Content-Length.</param>
public sealed record LoadRequest(byte[] Head, ReadOnlyMemory<byte> Body, bool ResponseHasBody)
{
    private static byte[] _bytes = [];

    /// <summary>The first bytes of what all bodies are made of.</summary>
    public static ReadOnlyMemory<byte> BodyOf(int length)
    {
        if (_bytes.Length < length)
        {
            var bytes = new byte[Math.Max(length, 64 << 20)];
            new Random(1).NextBytes(bytes);
            _bytes = bytes;
        }

        return _bytes.AsMemory(0, length);
    }
}
