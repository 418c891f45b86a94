using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Tests.Support;

/// <summary>A disk of limited size. Files use blocks of 4 KiB and free them when they are deleted.</summary>
internal sealed class SmallDisk() : StoreDisk(isDurable: false)
{
    private const int Block = 4096;

    private long _capacity = long.MaxValue;
    private string _folder = "";

    /// <summary>Whether the disk reports its free space. A quota only refuses writes.</summary>
    public bool TellsRoom { get; set; }

    /// <summary>Whether overwriting needs room too, as it does on a file system that copies on write.</summary>
    public bool CopiesOnWrite { get; set; }

    public long Written { get; private set; }

    /// <summary>Leaves no more space than a folder has used.</summary>
    public void Fill(string folder)
    {
        _folder = folder;
        Volatile.Write(ref _capacity, Used());
    }

    /// <summary>Limits a folder to this many bytes.</summary>
    public void Limit(string folder, long bytes)
    {
        _folder = folder;
        Volatile.Write(ref _capacity, bytes);
    }

    /// <summary>There is room again.</summary>
    public void Grow() => Volatile.Write(ref _capacity, long.MaxValue);

    public override long? RoomOf(string folder) =>
        !TellsRoom ? null : Volatile.Read(ref _capacity) is var capacity && capacity == long.MaxValue ? capacity
            : Math.Max(0, capacity - Used());

    public override long? SizeOf(string folder) => TellsRoom ? Volatile.Read(ref _capacity) : null;

    public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        Take(file, offset + bytes.Length);
        Written += bytes.Length;
        base.Write(file, bytes, offset);
    }

    public override void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset)
    {
        Take(file, offset + pieces.Sum(static piece => (long)piece.Length));
        base.Write(file, pieces, offset);
    }

    private static long Blocks(long length) => (length + Block - 1) / Block * Block;

    private void Take(SafeFileHandle file, long end)
    {
        var capacity = Volatile.Read(ref _capacity);
        if (capacity == long.MaxValue)
        {
            return;
        }

        var more = Math.Max(Blocks(end) - Blocks(RandomAccess.GetLength(file)), CopiesOnWrite ? Block : 0);
        if (more > 0 && Used() + more > capacity)
        {
            throw new IOException("No space left on device", OperatingSystem.IsWindows() ? unchecked((int)0x80070070) : 28);
        }
    }

    private long Used()
    {
        var used = 0L;
        foreach (var file in Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories))
        {
            try
            {
                used += Blocks(new FileInfo(file).Length);
            }
            catch (FileNotFoundException)
            {
                // Deleted in the meantime.
            }
        }

        return used;
    }
}
