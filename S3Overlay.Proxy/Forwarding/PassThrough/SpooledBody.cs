using System.Globalization;

using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// A body of unknown length, or with a trailing checksum, buffered in a file: stores do not accept the former. The file has no name, so a
/// crash leaves nothing.
/// </summary>
internal sealed class SpooledBody(FileStream file, SpoolQuota room) : S3Body, IAsyncDisposable
{
    /// <summary>The largest object or part that S3 accepts in one request.</summary>
    private const long LargestBody = 5L << 30;

    private BodyChecksum? _checksum;
    private long _taken;

    /// <inheritdoc/>
    public override long? Length => file.Length;

    /// <inheritdoc/>
    public override BodyChecksum? Checksum => _checksum;

    /// <summary>Buffers a whole body.</summary>
    /// <exception cref="S3Exception">
    /// The body does not match what was declared. EntityTooLarge: it exceeds the quota. ServiceUnavailable: the quota is in use.
    /// InsufficientStorage: the disk is full.
    /// </exception>
    public static async Task<SpooledBody> ReadAsync(S3Body body, string directory, SpoolQuota room, CancellationToken cancellationToken)
    {
        if (body.Length > Largest(room))
        {
            throw TooLarge(room);
        }

        var spooled = new SpooledBody(Create(directory), room);
        try
        {
            await spooled.FillAsync(body, cancellationToken);
            return spooled;
        }
        catch
        {
            await spooled.DisposeAsync();
            throw;
        }
    }

    private async Task FillAsync(S3Body body, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 << 10];
        while (await body.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            Take(read);
            await WriteAsync(file, buffer.AsMemory(0, read), cancellationToken);
        }

        file.Position = 0;
        _checksum = body.Checksum;
    }

    private void Take(int bytes)
    {
        if (_taken + bytes > Largest(room))
        {
            throw TooLarge(room);
        }

        if (!room.TryTake(bytes))
        {
            throw S3Exception.ForNow(S3Errors.ServiceUnavailable, 1,
                "There is no room to buffer the body on its way to the local store (S3_OVERLAY_SPOOL_MAX_BYTES). Please try again.");
        }

        _taken += bytes;
    }

    private static FileStream Create(string directory)
    {
        try
        {
            return new FileStream(SpoolFolder.Make(directory), FileAccess.ReadWrite, bufferSize: 0, isAsync: true);
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

    /// <summary>The largest body that can ever fit.</summary>
    private static long Largest(SpoolQuota room) => Math.Min(LargestBody, room.MaxBytes);

    private static S3Exception TooLarge(SpoolQuota room) =>
        new(S3Errors.EntityTooLarge,
            "The body must be buffered before it can be sent to the local store, and is larger than the buffer allows "
            + "(S3_OVERLAY_SPOOL_MAX_BYTES, and at most 5 GiB).")
        {
            Details = [new("MaxSizeAllowed", Largest(room).ToString(CultureInfo.InvariantCulture))],
        };

    private static S3Exception NoRoom(Exception failure) =>
        new(S3Errors.InsufficientStorage,
            "The body cannot be buffered on its way to the local store. Check that S3_OVERLAY_SPOOL_DIR is writable and has free space.",
            failure);

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        file.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await file.DisposeAsync();
        room.GiveBack(Interlocked.Exchange(ref _taken, 0));
    }
}
