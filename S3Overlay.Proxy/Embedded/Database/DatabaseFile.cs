using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Database;

/// <summary>A file as one connection of SQLite uses it. Only the database itself has locks and shared memory.</summary>
internal abstract unsafe class DatabaseFile
{
    public abstract long Length { get; }

    /// <summary>True if any connection has reserved the database for writing.</summary>
    public virtual bool IsReserved => false;

    /// <summary>Reads up to the end of the file.</summary>
    /// <returns>The number of bytes read.</returns>
    /// <exception cref="InvalidDataException">A page does not match its checksum.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public abstract int Read(Span<byte> buffer, long offset);

    public abstract void Write(ReadOnlySpan<byte> bytes, long offset);

    public abstract void SetLength(long length);

    public virtual void Sync()
    {
    }

    public virtual void Close()
    {
    }

    public virtual bool TryLock(int level) => true;

    public virtual void Unlock(int level)
    {
    }

    /// <summary>A region of the memory that connections share; null if it does not exist and may not be created.</summary>
    public virtual void* SharedRegion(int region, int size, bool mayExtend) => null;

    public virtual bool TrySharedLock(int first, int count, bool isUnlock, bool isExclusive) => true;

    /// <summary>Reads up to the end of a file, or only from memory while this thread must not wait.</summary>
    /// <exception cref="NotInMemoryException">It must not, and the disk would have to be read.</exception>
    protected static int ReadDisk(StoreDisk disk, SafeFileHandle file, Span<byte> buffer, long offset)
    {
        if (DiskVfs.MayWait)
        {
            return disk.Read(file, buffer, offset);
        }

        var read = disk.TryReadCached(file, buffer, offset);
        return read == buffer.Length || offset + read >= RandomAccess.GetLength(file) ? read : throw new NotInMemoryException();
    }
}

/// <summary>A temporary file, in memory.</summary>
internal sealed class MemoryFile : DatabaseFile
{
    private readonly GrowingBuffer _bytes = new();

    public override long Length => _bytes.Length;

    public override int Read(Span<byte> buffer, long offset) => _bytes.Read(buffer, offset);

    public override void Write(ReadOnlySpan<byte> bytes, long offset) => _bytes.Write(bytes, offset);

    public override void SetLength(long length) => _bytes.SetLength(length);
}

/// <summary>Bytes in memory, in pieces that never move. One writer; readers see what was written before they began.</summary>
internal sealed class GrowingBuffer
{
    private const int Piece = 256 << 10;

    private byte[][] _pieces = [];
    private long _length;

    public long Length => Volatile.Read(ref _length);

    public int Read(Span<byte> buffer, long offset)
    {
        var wanted = (int)Math.Clamp(Length - offset, 0, buffer.Length);
        var pieces = Volatile.Read(ref _pieces);
        for (var done = 0; done < wanted;)
        {
            var (piece, within) = ((int)((offset + done) / Piece), (int)((offset + done) % Piece));
            var some = Math.Min(Piece - within, wanted - done);
            pieces[piece].AsSpan(within, some).CopyTo(buffer[done..]);
            done += some;
        }

        return wanted;
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        var needed = (int)((offset + bytes.Length + Piece - 1) / Piece);
        if (needed > _pieces.Length)
        {
            var pieces = new byte[needed][];
            _pieces.CopyTo(pieces, 0);
            for (var i = _pieces.Length; i < needed; i++)
            {
                pieces[i] = new byte[Piece];
            }

            Volatile.Write(ref _pieces, pieces);
        }

        var end = offset + bytes.Length;
        while (!bytes.IsEmpty)
        {
            var (piece, within) = ((int)(offset / Piece), (int)(offset % Piece));
            var some = bytes[..Math.Min(Piece - within, bytes.Length)];
            some.CopyTo(_pieces[piece].AsSpan(within));
            bytes = bytes[some.Length..];
            offset += some.Length;
        }

        Volatile.Write(ref _length, Math.Max(_length, end));
    }

    public void SetLength(long length)
    {
        Volatile.Write(ref _length, length);
        if (length == 0)
        {
            Volatile.Write(ref _pieces, []);
        }
    }
}
