using System.Buffers;
using System.Security.Cryptography;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>
/// Writes one file of the store: aside while its bytes come in, and to its place once it is sealed. Two buffers: while one is hashed and
/// written on the pool, the network fills the other. So a body of any length costs half a megabyte. One that never is sealed leaves nothing
/// behind.
/// </summary>
/// <remarks>
/// The order of things: data, then header, table and preamble, then a sync of the file, then its rename, then a sync of the folder. A file
/// that has its final name is whole, whenever the power goes.
/// </remarks>
internal sealed class ObjectFileWriter : IAsyncDisposable
{
    /// <summary>Bytes a buffer has: whole blocks, and few calls a gigabyte.</summary>
    private const int BufferSize = 4 * BlockChecksums.BlockSize;

    private readonly StoreFolders _folders;
    private readonly StoreDisk _disk;
    private readonly FileKind _kind;
    private readonly IncrementalHash? _md5;
    private readonly ChecksumHasher? _checksum;
    private readonly byte[] _table;
    private readonly string _path;
    private FileLayout _layout;
    private SafeFileHandle? _file;

    /// <summary>A body that fits one buffer waits here for its header, so that the file is one write.</summary>
    private byte[]? _small;

    /// <summary>Prepares a file for <paramref name="length"/> bytes. Touches no disk.</summary>
    /// <param name="folders">Where to.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="kind">What the file is.</param>
    /// <param name="length">How many bytes will come; the most that can come, where the body itself does not know.</param>
    /// <param name="headerRoom">The most bytes the header will have.</param>
    /// <param name="wantsMd5">Whether the MD5 is needed: not where it is known, as of a copy.</param>
    /// <param name="checksum">Which checksum is to be computed of the bytes, or null.</param>
    public ObjectFileWriter(StoreFolders folders, StoreDisk disk, FileKind kind, long length, int headerRoom, bool wantsMd5,
        ChecksumAlgorithm? checksum)
    {
        (_folders, _disk, _kind, Length) = (folders, disk, kind, length);
        Id = FileId.New();
        _path = folders.IncomingPathOf(Id);
        _layout = FileLayout.For(headerRoom, length);
        _table = ArrayPool<byte>.Shared.Rent(Math.Max(BlockChecksums.TableLengthOf(length), 1));
        _md5 = wantsMd5 ? IncrementalHash.CreateHash(HashAlgorithmName.MD5) : null;
        _checksum = checksum is { } algorithm ? ChecksumHasher.Create(algorithm) : null;
    }

    /// <summary>The file's name.</summary>
    public FileId Id { get; }

    /// <summary>Whether the file has its place.</summary>
    public bool IsSealed { get; private set; }

    /// <summary>How many bytes it holds; final once it is filled.</summary>
    public long Length { get; private set; }

    /// <summary>Where the data starts; final once the file is sealed.</summary>
    public long DataOffset => _layout.DataOffset;

    /// <summary>The MD5 of the bytes, once they are all there: 32 digits.</summary>
    public string Md5 { get; private set; } = "";

    /// <summary>The checksum that was to be computed, once the bytes are all there.</summary>
    public BodyChecksum? Checksum { get; private set; }

    /// <summary>Reads the body to its end, so that all its checks have passed (rule W7).</summary>
    /// <exception cref="S3Exception">What a check of the body found; InsufficientStorage.</exception>
    public async Task FillAsync(S3Body body, CancellationToken cancellationToken)
    {
        try
        {
            if (Length <= BufferSize)
            {
                await FillSmallAsync(body, cancellationToken);
            }
            else
            {
                await FillLargeAsync(body, cancellationToken);
            }
        }
        catch (IOException failure)
        {
            throw StoreDisk.ToS3(failure);
        }

        if (_md5 is not null)
        {
            Span<byte> hash = stackalloc byte[16];
            _md5.GetHashAndReset(hash);
            Md5 = Convert.ToHexStringLower(hash);
        }

        Checksum = _checksum?.Finish();
    }

    /// <summary>
    /// Brings bytes that are already written to disk. Called before the key's lock is taken, so that what is synced while others wait is
    /// small.
    /// </summary>
    public Task SettleAsync() => _file is null ? Task.CompletedTask : Task.Run(() => _disk.Sync(_file));

    /// <summary>Writes what the file says of itself, and gives it its place. Returns once both survive a power cut.</summary>
    public async Task SealAsync(ReadOnlyMemory<byte> header, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Run(() => Seal(header.Span), cancellationToken);
            await _disk.SyncFolderAsync(_folders.FolderOf(Id));
        }
        catch (IOException failure)
        {
            throw StoreDisk.ToS3(failure);
        }
    }

    /// <summary>Gives memory back, and takes the file away unless it was sealed.</summary>
    public ValueTask DisposeAsync()
    {
        _md5?.Dispose();
        _checksum?.Dispose();
        ArrayPool<byte>.Shared.Return(_table);
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
        // One byte more than promised: the end is only the end once a read has said so.
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
            while (!isAtEnd)
            {
                var filled = 0;
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

                await pending;
                (filling, storing) = (storing, filling);
                var (bytes, at) = (storing.AsMemory(0, filled), position);
                pending = filled == 0 ? Task.CompletedTask : Task.Run(() => Store(bytes.Span, at), CancellationToken.None);
                position += filled;
            }

            await pending;
            EndAt(position, body);
        }
        finally
        {
            // The pool must not get a buffer back that is still being written.
            await pending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ArrayPool<byte>.Shared.Return(filling);
            ArrayPool<byte>.Shared.Return(storing);
        }
    }

    /// <summary>The end of a body that knew its length is where it said; any other tells its length now.</summary>
    private void EndAt(long position, S3Body body)
    {
        if (position != Length && body.Length is not null)
        {
            throw WrongLength();
        }

        Length = position;
    }

    private void Store(ReadOnlySpan<byte> bytes, long position)
    {
        _md5?.AppendData(bytes);
        _checksum?.Append(bytes);
        BlockChecksums.Compute(bytes, _table.AsSpan((int)(position / BlockChecksums.BlockSize) * BlockChecksums.EntrySize));
        _disk.Write(_file!, bytes, _layout.DataOffset + position);
    }

    private void Seal(ReadOnlySpan<byte> header)
    {
        var table = _table.AsSpan(0, BlockChecksums.TableLengthOf(Length));
        if (_file is null)
        {
            _layout = FileLayout.For(header.Length, Length);
        }
        else if (header.Length > _layout.HeaderRoom)
        {
            throw new InvalidOperationException("The header outgrew its room.");
        }

        var preamble = new FilePreamble(
            _kind, header.Length, Crc32C.Compute(header), _layout.TableOffset, Crc32C.Compute(table), _layout.DataOffset, Length);
        var length = (int)(_file is null ? _layout.DataOffset + Length : _layout.TableOffset + table.Length);
        var start = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var bytes = start.AsSpan(0, length);
            bytes.Clear();
            preamble.Write(bytes);
            header.CopyTo(bytes[FilePreamble.Size..]);
            table.CopyTo(bytes[(int)_layout.TableOffset..]);
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
}
