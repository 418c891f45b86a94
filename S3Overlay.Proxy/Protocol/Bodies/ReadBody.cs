namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>A document that was read to its end first, so that all its checks have passed. Can be read once.</summary>
public sealed class ReadBody : S3Body
{
    /// <summary>The size limit: 1 MiB. Documents that set something of an object have a few kilobytes.</summary>
    public const int Limit = 1 << 20;

    private readonly byte[] _bytes;
    private readonly int _length;
    private int _next;

    private ReadBody(byte[] bytes, int length, BodyChecksum? checksum) => (_bytes, _length, Checksum) = (bytes, length, checksum);

    /// <inheritdoc/>
    public override long? Length => _length;

    /// <inheritdoc/>
    public override BodyChecksum? Checksum { get; }

    /// <summary>A document created here.</summary>
    public static ReadBody Of(byte[] document) => new(document, document.Length, null);

    /// <summary>Reads a body.</summary>
    /// <exception cref="S3Exception">MalformedXML: it is too large; or a check of the body failed.</exception>
    public static async Task<ReadBody> ReadAsync(S3Body body, CancellationToken cancellationToken)
    {
        if (body.Length > Limit)
        {
            throw TooLarge();
        }

        // One spare byte: the read that finds the end also runs the checks.
        var bytes = new byte[(int)(body.Length ?? 4095) + 1];
        var length = 0;
        while (await body.ReadAsync(bytes.AsMemory(length), cancellationToken) is > 0 and var read)
        {
            length += read;
            if (length > Limit)
            {
                throw TooLarge();
            }

            if (length == bytes.Length)
            {
                Array.Resize(ref bytes, bytes.Length * 2);
            }
        }

        return new ReadBody(bytes, length, body.Checksum);
    }

    /// <summary>The same document from its start, for a second reader.</summary>
    public ReadBody Again() => new(_bytes, _length, Checksum);

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var count = Math.Min(buffer.Length, _length - _next);
        _bytes.AsMemory(_next, count).CopyTo(buffer);
        _next += count;
        return new(count);
    }

    private static S3Exception TooLarge() => new(S3Errors.MalformedXml, "The XML document is too large.");
}
