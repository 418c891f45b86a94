using System.Buffers;
using System.Buffers.Binary;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>
/// Reads blocks of a chunk from a response, and returns no byte before its block's seal was verified. Positions are within the chunk. Not
/// thread-safe.
/// </summary>
internal sealed class FramedReader(WireResponse response, Stream body, Guid fill, int chunk, ChunkBlocks blocks, long firstBlock,
    TimeProvider time)
    : IAsyncDisposable
{
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(15);

    private readonly byte[] _seal = new byte[EntryFrames.SealSize];
    private long _nextBlock = firstBlock;
    private byte[]? _block;
    private long _lastBlock = -1;
    private int _blockLength;

    /// <summary>The fill that the bytes are of.</summary>
    public Guid Fill => fill;

    /// <summary>The position of the next block in the response.</summary>
    public long Position => _nextBlock * EntryFrames.BlockSize;

    /// <summary>Takes over a response with the object, or a part that starts before the wanted block.</summary>
    /// <param name="response">The response. Disposed with the reader.</param>
    /// <param name="fill">The fill that the bytes are of.</param>
    /// <param name="chunk">The chunk's number.</param>
    /// <param name="blocks">The blocks that the object has.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidDataException">The object's length does not match its frames.</exception>
    public static async Task<FramedReader> OpenAsync(WireResponse response, Guid fill, int chunk, ChunkBlocks blocks, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var part = response.Status == 206 ? response.ContentRange : null;
        var total = part?.Total ?? (response.Status == 200 ? response.ContentLength : null);
        if (total != blocks.ObjectLength)
        {
            throw new InvalidDataException("its length is wrong");
        }

        // A suffix response starts anywhere: skip the rest of that block.
        var start = part?.Range.First ?? 0;
        var first = (start + EntryFrames.FrameSize - 1) / EntryFrames.FrameSize;
        var reader = new FramedReader(response, await response.BodyAsync(cancellationToken), fill, chunk, blocks, blocks.BlockOf(first),
            time);
        await reader.PassOverAsync(Math.Min((first * EntryFrames.FrameSize) - start, total.Value - start), cancellationToken);
        return reader;
    }

    /// <summary>Reads bytes from a position that is not before the last one read, at most to the end of a block.</summary>
    /// <exception cref="InvalidDataException">The block is damaged.</exception>
    /// <exception cref="IOException">The response ended early or stalled.</exception>
    public async ValueTask<int> ReadAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var block = position / EntryFrames.BlockSize;
        var offset = (int)(position % EntryFrames.BlockSize);
        while (block >= _nextBlock)
        {
            var size = blocks.SizeOf(_nextBlock);
            if (block == _nextBlock && offset == 0 && buffer.Length >= size)
            {
                // Read into place: it is only used after its seal was verified.
                await ReadBlockAsync(buffer[..size], cancellationToken);
                return size;
            }

            _lastBlock = _nextBlock;

            _block ??= ArrayPool<byte>.Shared.Rent(EntryFrames.BlockSize);
            _blockLength = 0;
            await ReadBlockAsync(_block.AsMemory(0, size), cancellationToken);
            _blockLength = size;
        }

        if (block != _lastBlock || offset >= _blockLength)
        {
            throw new IOException("The answer is behind that place.");
        }

        var count = Math.Min(buffer.Length, _blockLength - offset);
        _block.AsMemory(offset, count).CopyTo(buffer);
        return count;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await body.DisposeAsync();
        response.Dispose();
        if (_block is not null)
        {
            ArrayPool<byte>.Shared.Return(_block);
            _block = null;
        }
    }

    private async ValueTask ReadBlockAsync(Memory<byte> block, CancellationToken cancellationToken)
    {
        await FillAsync(block, cancellationToken);
        await FillAsync(_seal, cancellationToken);
        var number = _nextBlock;
        _nextBlock = blocks.Next(number + 1);
        if (EntryFrames.Seal(fill, chunk, number, block.Span) != BinaryPrimitives.ReadUInt32LittleEndian(_seal))
        {
            throw new InvalidDataException("a block is damaged");
        }
    }

    private async ValueTask PassOverAsync(long count, CancellationToken cancellationToken)
    {
        if (count == 0)
        {
            return;
        }

        var scratch = ArrayPool<byte>.Shared.Rent(EntryFrames.FrameSize);
        try
        {
            await FillAsync(scratch.AsMemory(0, (int)count), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private async ValueTask FillAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            var reading = body.ReadAsync(buffer, cancellationToken);
            int read;
            try
            {
                read = reading.IsCompleted ? await reading : await WithinAsync(reading.AsTask(), cancellationToken);
            }
            catch (HttpRequestException failure)
            {
                throw new IOException(failure.Message, failure);
            }

            buffer = read > 0 ? buffer[read..] : throw new IOException("The store's answer ended early.");
        }
    }

    /// <summary>An abandoned read still writes into its buffer: it is ended first.</summary>
    private async Task<int> WithinAsync(Task<int> reading, CancellationToken cancellationToken)
    {
        try
        {
            return await reading.WaitAsync(Stall, time, cancellationToken);
        }
        catch (Exception failure) when (failure is TimeoutException or OperationCanceledException)
        {
            response.Dispose();
            await reading.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            cancellationToken.ThrowIfCancellationRequested();
            throw new IOException("The store's response stalled.", failure);
        }
    }
}
