namespace S3Overlay.Tests.Support;

/// <summary>
/// Bytes made as they are read, so that a test can send a gigabyte without having one. Each byte depends on its position.
/// </summary>
public sealed class PatternStream(long length) : Stream
{
    /// <summary>A prime, so that the pattern falls differently into every block and chunk.</summary>
    private const int Period = 65_521;

    private static readonly byte[] Pattern = MakePattern();
    private long _position;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => length;

    /// <inheritdoc/>
    public override long Position
    {
        get => _position;
        set => _position = value;
    }

    /// <summary>Reads a stream to its end and checks that it holds the pattern from the start.</summary>
    /// <returns>How many bytes it had.</returns>
    public static async Task<long> VerifyAsync(Stream stream, long start = 0)
    {
        var buffer = new byte[1 << 20];
        var position = start;
        int read;
        while ((read = await stream.ReadAsync(buffer)) > 0)
        {
            for (var done = 0; done < read;)
            {
                var offset = (int)((position + done) % Period);
                var count = Math.Min(read - done, Period - offset);
                Assert.True(buffer.AsSpan(done, count).SequenceEqual(Pattern.AsSpan(offset, count)),
                    $"Bytes near {position + done} are wrong.");
                done += count;
            }

            position += read;
        }

        return position - start;
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        var offset = (int)(_position % Period);
        var count = (int)Math.Min(Math.Min(buffer.Length, Period - offset), length - _position);
        Pattern.AsSpan(offset, Math.Max(count, 0)).CopyTo(buffer);
        _position += Math.Max(count, 0);
        return Math.Max(count, 0);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        Task.FromResult(Read(buffer.AsSpan(offset, count)));

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) =>
        _position = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => _position + offset, _ => length + offset };

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private static byte[] MakePattern()
    {
        var pattern = new byte[Period];
        new Random(42).NextBytes(pattern);
        return pattern;
    }
}
