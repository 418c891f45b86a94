using System.Buffers;
using System.Buffers.Binary;

using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>
/// Reads a chunk's bytes out of a store's answer, and lets none out before its block's seal was found right. One at a time. Positions are
/// within the chunk.
/// </summary>
internal sealed class FramedReader : IAsyncDisposable
{
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(15);

    private readonly WireResponse _answer;
    private readonly Stream _body;
    private readonly TimeProvider _time;
    private readonly Guid _fill;
    private readonly int _chunk;
    private readonly long _length;
    private readonly byte[] _seal = new byte[EntryFrames.SealSize];
    private long _nextBlock;
    private byte[]? _block;
    private int _blockLength;

    private FramedReader(WireResponse answer, Stream body, Guid fill, int chunk, long length, long firstBlock, TimeProvider time) =>
        (_answer, _body, _fill, _chunk, _length, _nextBlock, _time) = (answer, body, fill, chunk, length, firstBlock, time);

    /// <summary>The position of the first byte of the next block in the answer.</summary>
    public long Position => _nextBlock * EntryFrames.BlockSize;

    /// <summary>Takes an answer over, whole or a part of the object that starts anywhere before the wanted block.</summary>
    /// <param name="answer">The answer, which is disposed with the reader.</param>
    /// <param name="fill">The fill that the bytes are of.</param>
    /// <param name="chunk">The chunk's number.</param>
    /// <param name="length">The chunk's bytes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidDataException">The object is not as long as its bytes are in frames.</exception>
    public static async Task<FramedReader> OpenAsync(WireResponse answer, Guid fill, int chunk, long length, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var part = answer.Status == 206 ? answer.ContentRange : null;
        var total = part?.Total ?? (answer.Status == 200 ? answer.ContentLength : null);
        if (total != EntryFrames.LengthOf(length))
        {
            throw new InvalidDataException("its length is wrong");
        }

        // An answer to a suffix starts anywhere: the rest of that block is left out.
        var start = part?.Range.First ?? 0;
        var first = (start + EntryFrames.FrameSize - 1) / EntryFrames.FrameSize;
        var reader = new FramedReader(answer, await answer.BodyAsync(cancellationToken), fill, chunk, length, first, time);
        await reader.PassOverAsync(Math.Min((first * EntryFrames.FrameSize) - start, total.Value - start), cancellationToken);
        return reader;
    }

    /// <summary>Reads bytes from a position on, which must not be before the last one read: no more than those of one block.</summary>
    /// <exception cref="InvalidDataException">The block is damaged.</exception>
    /// <exception cref="IOException">The answer broke off or stands still.</exception>
    public async ValueTask<int> ReadAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var block = position / EntryFrames.BlockSize;
        var offset = (int)(position % EntryFrames.BlockSize);
        while (block >= _nextBlock)
        {
            var length = (int)Math.Min(EntryFrames.BlockSize, _length - (_nextBlock * EntryFrames.BlockSize));
            if (block == _nextBlock && offset == 0 && buffer.Length >= length)
            {
                // Straight to its place; nobody looks at it before the seal was.
                await ReadBlockAsync(buffer[..length], cancellationToken);
                return length;
            }

            _block ??= ArrayPool<byte>.Shared.Rent(EntryFrames.BlockSize);
            _blockLength = 0;
            await ReadBlockAsync(_block.AsMemory(0, length), cancellationToken);
            _blockLength = length;
        }

        if (block != _nextBlock - 1 || offset >= _blockLength)
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
        await _body.DisposeAsync();
        _answer.Dispose();
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
        var number = _nextBlock++;
        if (EntryFrames.Seal(_fill, _chunk, number, block.Span) != BinaryPrimitives.ReadUInt32LittleEndian(_seal))
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
            var reading = _body.ReadAsync(buffer, cancellationToken);
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

    /// <summary>A read that is given up still writes into its buffer when bytes come: it is ended first.</summary>
    private async Task<int> WithinAsync(Task<int> reading, CancellationToken cancellationToken)
    {
        try
        {
            return await reading.WaitAsync(Stall, _time, cancellationToken);
        }
        catch (Exception failure) when (failure is TimeoutException or OperationCanceledException)
        {
            _answer.Dispose();
            await reading.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            cancellationToken.ThrowIfCancellationRequested();
            throw new IOException("The store's answer stands still.", failure);
        }
    }
}
