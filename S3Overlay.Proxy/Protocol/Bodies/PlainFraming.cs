namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>A body without framing.</summary>
internal sealed class PlainFraming(Stream stream, long? length) : BodyFraming
{
    private long _read;

    public override long? Length => length;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (length is { } whole)
        {
            var left = whole - _read;
            if (left == 0)
            {
                return 0;
            }

            buffer = left < buffer.Length ? buffer[..(int)left] : buffer;
        }

        var count = await RawBody.ReadAsync(stream, buffer, cancellationToken);
        if (count == 0 && length is not null)
        {
            throw new S3Exception(S3Errors.IncompleteBody);
        }

        _read += count;
        return count;
    }
}
