using S3Overlay.Proxy.Protocol;
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
    /// <exception cref="S3Exception">It is not what was promised; or InsufficientStorage where it cannot be kept.</exception>
    public static async Task<SpooledBody> ReadAsync(S3Body body, string directory, CancellationToken cancellationToken)
    {
        var file = Create(directory);
        try
        {
            var buffer = new byte[64 << 10];
            while (await body.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                await WriteAsync(file, buffer.AsMemory(0, read), cancellationToken);
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

    private static FileStream Create(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            return new FileStream(
                Path.Combine(directory, Path.GetRandomFileName()),
                new FileStreamOptions
                {
                    Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.Delete, Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous, BufferSize = 0,
                });
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw NoRoom(failure);
        }
    }

    private static async ValueTask WriteAsync(FileStream file, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await file.WriteAsync(bytes, cancellationToken);
        }
        catch (IOException failure)
        {
            throw NoRoom(failure);
        }
    }

    private static S3Exception NoRoom(Exception failure) =>
        new(S3Errors.InsufficientStorage, "The body cannot be kept while it is on its way to the local store. See that S3_OVERLAY_SPOOL_DIR can be written to and has room.", failure);

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) => _file.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _file.DisposeAsync();
}
