using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>A body whose length its client did not say, which stores do not take: kept in a file until its end has come. The file has no name that would outlive a crash.</summary>
internal sealed class SpooledBody : S3Body, IAsyncDisposable
{
    private readonly FileStream _file;
    private readonly BodyChecksum? _checksum;

    private SpooledBody(FileStream file, BodyChecksum? checksum) => (_file, _checksum) = (file, checksum);

    /// <inheritdoc/>
    public override long? Length => _file.Length;

    /// <inheritdoc/>
    public override BodyChecksum? Checksum => _checksum;

    /// <summary>Reads a body to its end.</summary>
    /// <exception cref="Protocol.S3Exception">It is not what was promised.</exception>
    public static async Task<SpooledBody> ReadAsync(S3Body body, string directory, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        var file = new FileStream(
            Path.Combine(directory, Path.GetRandomFileName()),
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.Delete, Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous, BufferSize = 0,
            });
        try
        {
            var buffer = new byte[64 << 10];
            while (await body.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }

            file.Position = 0;
            return new SpooledBody(file, body.Checksum);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) => _file.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _file.DisposeAsync();
}
