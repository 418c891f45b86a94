using System.Buffers;

using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>
/// One version of an object, open for reading. It stays complete and readable until disposed, whatever is written in between (rule C4).
/// </summary>
internal sealed class StoredObject : IDisposable
{
    /// <summary>
    /// Bytes that are read, checked and sent at once. As measured, smaller pieces cost more calls, and larger ones leave the processor's
    /// cache before they are sent.
    /// </summary>
    private const int PieceSize = 8 * BlockChecksums.BlockSize;

    private readonly ObjectFiles _files;
    private readonly ObjectName _name;

    /// <summary>Its bytes, if they are in memory; then no file is open.</summary>
    private readonly byte[]? _hot;
    private readonly OpenFiles<FileId, OpenFile>.Lease _root;

    /// <summary>Opens the keys of an encrypted object; null until it is unlocked, and for any other object.</summary>
    private ObjectUnlock? _unlock;

    private StoredObject(ObjectFiles files, ObjectName name, ObjectRow row, byte[] hot) =>
        (_files, _name, Row, _hot) = (files, name, row, hot);

    private StoredObject(ObjectFiles files, ObjectName name, ObjectRow row, OpenFiles<FileId, OpenFile>.Lease root) =>
        (_files, _name, Row, _root) = (files, name, row, root);

    public ObjectRow Row { get; }

    /// <summary>The parts of a multipart object; empty for any other.</summary>
    public IReadOnlyList<StoredPart> Parts => _hot is null ? _root.File.Parts : [];

    /// <summary>Opens the version that a row of a key names.</summary>
    public static async ValueTask<StoredObject> OpenAsync(ObjectFiles files, ObjectName name, ObjectRow row)
    {
        if (files.Hot.Find<HotObject>(name) is { } hot)
        {
            if (hot.File == row.File)
            {
                return new StoredObject(files, name, row, hot.Bytes);
            }

            if (row.VersionId is null)
            {
                // It was overwritten.
                files.Hot.Forget(name);
            }
        }

        var root = await files.AcquireAsync(row.File);
        var size = row.PartCount == 0 ? root.File.Length : root.File.Parts.Sum(static part => part.Size);
        if (size != row.Info.Size)
        {
            root.Dispose();
            throw new InvalidDataException($"The length of file {row.File} differs from the index.");
        }

        return new StoredObject(files, name, row, root);
    }

    /// <summary>Makes an encrypted object readable with the key that encrypts its keys.</summary>
    /// <exception cref="WrongKeyException">It is another key.</exception>
    /// <exception cref="InvalidDataException">The list of parts is not the one that was completed.</exception>
    public void Unlock(ObjectName name, WrappingKey key) => _unlock = ObjectUnlock.Open(name, Row, _root.File, key);

    /// <summary>A part and its byte range; null if there is no part of that number.</summary>
    public (ByteRange? Bytes, StoredPart Part)? FindPart(int number)
    {
        var start = 0L;
        foreach (var part in Parts)
        {
            if (part.Number == number)
            {
                return (part.Size == 0 ? null : new ByteRange(start, start + part.Size - 1), part);
            }

            start += part.Size;
        }

        return null;
    }

    /// <summary>Sends a range. Every block is checked before any of its bytes are sent.</summary>
    /// <returns>False if the client disconnected.</returns>
    /// <exception cref="InvalidDataException">A block is damaged; it was not sent.</exception>
    public async ValueTask<bool> CopyToAsync(ByteRange range, S3Response response, CancellationToken cancellationToken)
    {
        if (_hot is not null)
        {
            return await response.WriteAsync(_hot.AsMemory((int)range.First, (int)range.Length), cancellationToken);
        }

        if (Row.PartCount == 0)
        {
            return IsSmall && range.Length == Row.Info.Size ? await CopySmallAsync(response, cancellationToken)
                : await CopyAsync(_root.File, _unlock?.Cipher, range, response, cancellationToken);
        }

        var start = 0L;
        foreach (var part in Parts)
        {
            var end = start + part.Size;
            if (start > range.Last)
            {
                break;
            }

            if (end > range.First && part.Size > 0)
            {
                using var lease = await _files.AcquireAsync(part.File);
                CheckLength(part, lease.File);
                var wanted = new ByteRange(Math.Max(range.First, start) - start, Math.Min(range.Last, end - 1) - start);
                using var cipher = _unlock?.CipherOf(part, lease.File);
                if (!await CopyAsync(lease.File, cipher, wanted, response, cancellationToken))
                {
                    return false;
                }
            }

            start = end;
        }

        return true;
    }

    /// <summary>Reads bytes at a position, for copies. Returns fewer than asked for at a part's end, 0 at the object's.</summary>
    public async ValueTask<int> ReadAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (position >= Row.Info.Size)
        {
            return 0;
        }

        if (_hot is not null)
        {
            var taken = (int)Math.Min(buffer.Length, _hot.Length - position);
            _hot.AsMemory((int)position, taken).CopyTo(buffer);
            return taken;
        }

        if (Row.PartCount == 0)
        {
            return await ReadAsync(_root.File, _unlock?.Cipher, position, buffer, cancellationToken);
        }

        var start = 0L;
        foreach (var part in Parts)
        {
            if (position < start + part.Size)
            {
                using var lease = await _files.AcquireAsync(part.File);
                CheckLength(part, lease.File);
                using var cipher = _unlock?.CipherOf(part, lease.File);
                return await ReadAsync(lease.File, cipher, position - start, buffer, cancellationToken);
            }

            start += part.Size;
        }

        return 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _unlock?.Dispose();
        if (_hot is null)
        {
            _root.Dispose();
        }
    }

    /// <summary>True if its bytes may stay in memory. Those of an encrypted object are only in the memory of a request that has its key.
    /// </summary>
    private bool IsSmall => Row.Envelope is null && _files.Hot.Admits(Row.Info.Size);

    /// <summary>Sends the whole of a small object, and keeps it in memory.</summary>
    private async ValueTask<bool> CopySmallAsync(S3Response response, CancellationToken cancellationToken)
    {
        var size = (int)Row.Info.Size;
        var memory = response.Body.GetMemory(size)[..size];
        await _root.File.ReadBlocksAsync(0, memory, null, cancellationToken);
        _files.Hot.Keep(_name, new HotObject(Row.File, memory.ToArray()));
        response.Advance(size);
        return await response.FlushAsync(cancellationToken);
    }

    private static void CheckLength(StoredPart part, OpenFile file)
    {
        if (file.Length != part.Size)
        {
            throw new InvalidDataException($"The length of part file {part.File} differs from its manifest.");
        }
    }

    private static async ValueTask<bool> CopyAsync(
        OpenFile file, BlockCipher? cipher, ByteRange range, S3Response response, CancellationToken cancellationToken)
    {
        var position = range.First;
        while (position <= range.Last)
        {
            var blockStart = position / BlockChecksums.BlockSize * BlockChecksums.BlockSize;
            var blockEnd = Math.Min(Math.Min(blockStart + PieceSize, file.Length), AlignUp(range.Last + 1));
            var (skip, wanted) = ((int)(position - blockStart), (int)(Math.Min(blockEnd, range.Last + 1) - position));
            await ReadIntoAsync(file, cipher, blockStart, (int)(blockEnd - blockStart), skip, wanted, response, cancellationToken);
            position += wanted;
            if (!await response.FlushAsync(cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    private static async ValueTask ReadIntoAsync(
        OpenFile file, BlockCipher? cipher, long blockStart, int length, int skip, int wanted, S3Response response,
        CancellationToken cancellationToken)
    {
        if (skip == 0)
        {
            // Straight into the connection's memory. What follows the wanted bytes in their last block was read only to be checked.
            await file.ReadBlocksAsync(blockStart, response.Body.GetMemory(length)[..length], cipher, cancellationToken);
            response.Advance(wanted);
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            await file.ReadBlocksAsync(blockStart, buffer.AsMemory(0, length), cipher, cancellationToken);
            buffer.AsSpan(skip, wanted).CopyTo(response.Body.GetSpan(wanted));
            response.Advance(wanted);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async ValueTask<int> ReadAsync(
        OpenFile file, BlockCipher? cipher, long position, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var blockStart = position / BlockChecksums.BlockSize * BlockChecksums.BlockSize;
        var blockEnd = Math.Min(Math.Min(blockStart + PieceSize, AlignUp(position + buffer.Length)), file.Length);
        var (skip, length) = ((int)(position - blockStart), (int)(blockEnd - blockStart));
        if (skip == 0 && buffer.Length >= length)
        {
            await file.ReadBlocksAsync(blockStart, buffer[..length], cipher, cancellationToken);
            return length;
        }

        var blocks = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            await file.ReadBlocksAsync(blockStart, blocks.AsMemory(0, length), cipher, cancellationToken);
            var taken = Math.Min(buffer.Length, length - skip);
            blocks.AsSpan(skip, taken).CopyTo(buffer.Span);
            return taken;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(blocks);
        }
    }

    private static long AlignUp(long position) => BlockChecksums.BlocksOf(position) * BlockChecksums.BlockSize;
}

/// <summary>A written object in memory.</summary>
/// <param name="file">The file that its bytes are of.</param>
/// <param name="bytes">All its bytes.</param>
internal sealed class HotObject(FileId file, byte[] bytes) : HotBytes(bytes)
{
    /// <summary>Its row is in memory too.</summary>
    public override long Weight => Bytes.Length + 1024;

    /// <summary>The file that its bytes are of: a row that names another one is of another version.</summary>
    public FileId File => file;
}
