using System.Buffers;
using System.Security.Cryptography;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>
/// Writes one file of the store: to a temporary place while its bytes arrive, and to its final one when it is sealed. Two buffers: while
/// one is hashed and written on the thread pool, the network fills the other, so a body of any length needs half a megabyte. A file that is
/// never sealed leaves nothing behind.
/// </summary>
/// <remarks>
/// The order: data; then header, table and preamble; sync of the file; rename; sync of the folder. A file with its final name is complete
/// after any power cut.
/// </remarks>
internal sealed class ObjectFileWriter : IAsyncDisposable
{
    /// <summary>Whole blocks, and few calls per gigabyte.</summary>
    private const int BufferSize = 4 * BlockChecksums.BlockSize;

    private readonly StoreFolders _folders;
    private readonly StoreDisk _disk;
    private readonly FileKind _kind;
    private readonly IncrementalHash? _md5;
    private readonly ChecksumHasher? _checksum;
    private readonly byte[] _table;

    /// <summary>Null if the file is not encrypted.</summary>
    private readonly BlockCipher? _cipher;
    private readonly byte[] _tags;
    private readonly string _path;
    private FileLayout _layout;
    private SafeFileHandle? _file;

    /// <summary>A body that fits one buffer waits here for its header, so the file is one write.</summary>
    private byte[]? _small;

    /// <summary>Prepares a file. Does not touch the disk.</summary>
    /// <param name="folders">The folders.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="kind">The file's kind.</param>
    /// <param name="length">Its length in bytes, or the maximum if the body does not know its length.</param>
    /// <param name="headerRoom">Maximum size of the header.</param>
    /// <param name="wantsMd5">True if the MD5 is needed; false if it is known, as for a copy.</param>
    /// <param name="checksum">The checksum to compute, or null.</param>
    /// <param name="key">The key to encrypt the data with, or null.</param>
    public ObjectFileWriter(StoreFolders folders, StoreDisk disk, FileKind kind, long length, int headerRoom, bool wantsMd5,
        ChecksumAlgorithm? checksum, DataKey? key = null)
    {
        (_folders, _disk, _kind, Length) = (folders, disk, kind, length);
        Id = FileId.New();
        _path = folders.IncomingPathOf(Id);
        _cipher = key?.CipherOf(Id);
        _tags = key is null ? [] : ArrayPool<byte>.Shared.Rent(Math.Max(BlockCipher.TagsLengthOf(length), 1));
        _layout = FileLayout.For(headerRoom, length, isEncrypted: key is not null);
        _table = ArrayPool<byte>.Shared.Rent(Math.Max(BlockChecksums.TableLengthOf(length), 1));
        _md5 = wantsMd5 ? IncrementalHash.CreateHash(HashAlgorithmName.MD5) : null;
        _checksum = checksum is { } algorithm ? ChecksumHasher.Create(algorithm) : null;
    }

    public FileId Id { get; }

    /// <summary>True once the file has its final place.</summary>
    public bool IsSealed { get; private set; }

    /// <summary>Size in bytes; final once filled.</summary>
    public long Length { get; private set; }

    /// <summary>Start of the data; final once sealed.</summary>
    public long DataOffset => _layout.DataOffset;

    /// <summary>The MD5 in hex, once filled.</summary>
    public string Md5 { get; private set; } = "";

    /// <summary>The computed checksum, once filled.</summary>
    public BodyChecksum? Checksum { get; private set; }

    /// <summary>Reads the body to its end, so that all its checks have passed (rule W7).</summary>
    /// <exception cref="S3Exception">A check of the body failed; InsufficientStorage.</exception>
    public async Task FillAsync(S3Body body, CancellationToken cancellationToken)
    {
        await StoreDisk.GuardAsync(
            Length <= BufferSize ? FillSmallAsync(body, cancellationToken) : FillLargeAsync(body, cancellationToken));
        if (_md5 is not null)
        {
            Span<byte> hash = stackalloc byte[16];
            _md5.GetHashAndReset(hash);
            Md5 = Convert.ToHexStringLower(hash);
        }

        Checksum = _checksum?.Finish();
    }

    /// <summary>
    /// Syncs the bytes written so far. Called before the key's lock is taken, so that little is left to sync while others wait.
    /// </summary>
    public Task SettleAsync() => _file is { } file ? StoreDisk.GuardAsync(Task.Run(() => _disk.Sync(file))) : Task.CompletedTask;

    /// <summary>Writes the header and renames the file to its final place. Returns once both survive a power cut.</summary>
    public Task SealAsync(ReadOnlyMemory<byte> header, CancellationToken cancellationToken) => StoreDisk.GuardAsync(async () =>
    {
        await Task.Run(() => Seal(header.Span), cancellationToken);
        await _disk.SyncFolderAsync(_folders.FolderOf(Id));
    });

    /// <summary>Returns buffers, and deletes the file unless it was sealed.</summary>
    public ValueTask DisposeAsync()
    {
        _md5?.Dispose();
        _checksum?.Dispose();
        ArrayPool<byte>.Shared.Return(_table);
        if (_cipher is not null)
        {
            _cipher.Dispose();
            ArrayPool<byte>.Shared.Return(_tags);
        }

        if (_small is not null)
        {
            ArrayPool<byte>.Shared.Return(_small);
            _small = null;
        }

        if (_file is null)
        {
            return default;
        }

        _file.Dispose();
        return IsSealed ? default : new ValueTask(Task.Run(() => _disk.Delete(_path)));
    }

    private async Task FillSmallAsync(S3Body body, CancellationToken cancellationToken)
    {
        // One byte more than promised: the body's end, and so its checks, are only reached by a further read.
        _small = ArrayPool<byte>.Shared.Rent((int)Length + 1);
        var filled = 0;
        while (await body.ReadAsync(_small.AsMemory(filled, (int)Length + 1 - filled), cancellationToken) is var read && read > 0)
        {
            filled += read;
            if (filled > Length)
            {
                throw WrongLength();
            }
        }

        EndAt(filled, body);
        var data = _small.AsSpan(0, filled);
        _md5?.AppendData(data);
        _checksum?.Append(data);
        _cipher?.Encrypt(data, 0, isEnd: true, _tags);
        BlockChecksums.Compute(data, _table);
    }

    private async Task FillLargeAsync(S3Body body, CancellationToken cancellationToken)
    {
        _file = await Task.Run(() => _disk.Create(_path), cancellationToken);
        var filling = ArrayPool<byte>.Shared.Rent(BufferSize);
        var storing = ArrayPool<byte>.Shared.Rent(BufferSize);
        var pending = Task.CompletedTask;
        try
        {
            var position = 0L;
            var isAtEnd = false;
            var ahead = _cipher is not null && body.Length is null ? new Ahead() : null;
            while (!isAtEnd)
            {
                var filled = ahead?.Take(filling) ?? 0;
                while (filled < BufferSize)
                {
                    var read = await body.ReadAsync(filling.AsMemory(filled, BufferSize - filled), cancellationToken);
                    if (read == 0)
                    {
                        isAtEnd = true;
                        break;
                    }

                    filled += read;
                }

                if (position + filled > Length)
                {
                    throw WrongLength();
                }

                isAtEnd = isAtEnd || (ahead is not null && await ahead.IsAtEndAsync(body, cancellationToken));
                await pending;
                (filling, storing) = (storing, filling);
                var (bytes, at) = (storing.AsMemory(0, filled), position);
                var isEnd = isAtEnd || (body.Length is not null && at + filled == Length);
                pending = filled == 0 ? Task.CompletedTask : Task.Run(() => Store(bytes.Span, at, isEnd), CancellationToken.None);
                position += filled;
            }

            await pending;
            EndAt(position, body);
        }
        finally
        {
            // A buffer that is still being written must not go back to the pool.
            await pending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ArrayPool<byte>.Shared.Return(filling);
            ArrayPool<byte>.Shared.Return(storing);
        }
    }

    /// <summary>Sets the length of a body that did not know it.</summary>
    private void EndAt(long position, S3Body body)
    {
        if (position != Length && body.Length is not null)
        {
            throw WrongLength();
        }

        Length = position;
    }

    private void Store(Span<byte> bytes, long position, bool isEnd)
    {
        _md5?.AppendData(bytes);
        _checksum?.Append(bytes);
        var first = position / BlockChecksums.BlockSize;
        _cipher?.Encrypt(bytes, first, isEnd, _tags.AsSpan((int)first * BlockCipher.TagSize));
        BlockChecksums.Compute(bytes, _table.AsSpan((int)first * BlockChecksums.EntrySize));
        _disk.Write(_file!, bytes, _layout.DataOffset + position);
    }

    private void Seal(ReadOnlySpan<byte> header)
    {
        var table = _table.AsSpan(0, BlockChecksums.TableLengthOf(Length));
        if (_file is null)
        {
            _layout = FileLayout.For(header.Length, Length, _cipher is not null);
        }
        else if (header.Length > _layout.HeaderRoom)
        {
            throw new InvalidOperationException("The header is larger than the space reserved for it.");
        }

        var tags = _cipher is null ? default : _tags.AsSpan(0, BlockCipher.TagsLengthOf(Length));
        var length = (int)(_file is null ? _layout.DataOffset + Length : _layout.TableOffset + table.Length + tags.Length);
        var start = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var bytes = start.AsSpan(0, length);
            bytes.Clear();
            header.CopyTo(bytes[FilePreamble.Size..]);
            var tables = bytes.Slice((int)_layout.TableOffset, table.Length + tags.Length);
            table.CopyTo(tables);
            tags.CopyTo(tables[table.Length..]);
            new FilePreamble(
                _kind, header.Length, Crc32C.Compute(header), _layout.TableOffset, Crc32C.Compute(tables), _layout.DataOffset, Length)
                { IsEncrypted = _cipher is not null }.Write(bytes);
            if (_file is null)
            {
                _small.AsSpan(0, (int)Length).CopyTo(bytes[(int)_layout.DataOffset..]);
                _file = _disk.Create(_path);
            }

            _disk.Write(_file, bytes, 0);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(start);
        }

        _disk.Sync(_file);
        _folders.MakeFolderOf(Id, _disk);
        _disk.Move(_path, _folders.PathOf(Id));
        IsSealed = true;
    }

    private static S3Exception WrongLength() => new(S3Errors.IncompleteBody);

    /// <summary>One byte read ahead of a body of unknown length: its last block is encrypted differently.</summary>
    private sealed class Ahead
    {
        private readonly byte[] _next = new byte[1];
        private int _count;

        /// <summary>Moves the byte to the start of a buffer. Returns the number of bytes there.</summary>
        public int Take(byte[] buffer)
        {
            var taken = _count;
            _next.AsSpan(0, taken).CopyTo(buffer);
            _count = 0;
            return taken;
        }

        /// <summary>Reads the byte. True if the body has ended.</summary>
        public async ValueTask<bool> IsAtEndAsync(S3Body body, CancellationToken cancellationToken) =>
            (_count = await body.ReadAsync(_next, cancellationToken)) == 0;
    }
}

/// <summary>The layout of a file: preamble, room for the header, block table, tags of encrypted blocks, data.</summary>
/// <param name="HeaderRoom">Bytes reserved for the header.</param>
/// <param name="TableOffset">Start of the block table.</param>
/// <param name="DataOffset">Start of the data.</param>
internal readonly record struct FileLayout(int HeaderRoom, long TableOffset, long DataOffset)
{
    /// <summary>Larger files have their data page-aligned, so that blocks are whole pages; small files stay small.</summary>
    private const int Page = 4096;

    public static FileLayout For(int headerRoom, long dataLength, bool isEncrypted)
    {
        var table = Align(FilePreamble.Size + headerRoom, 8);
        var end = table + BlockChecksums.TableLengthOf(dataLength) + (isEncrypted ? BlockCipher.TagsLengthOf(dataLength) : 0);
        return new FileLayout(headerRoom, table, Align(end, dataLength >= BlockChecksums.BlockSize ? Page : 8));
    }

    private static long Align(long offset, int to) => (offset + to - 1) / to * to;
}
