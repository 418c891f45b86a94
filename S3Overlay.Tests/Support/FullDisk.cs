using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Tests.Support;

/// <summary>A disk that a test fills up: for all writes, or after a number of them.</summary>
internal sealed class FullDisk() : StoreDisk(isDurable: false)
{
    private int _room = int.MaxValue;

    /// <summary>Whether nothing can be written.</summary>
    public bool IsOut
    {
        get => Volatile.Read(ref _room) <= 0;
        set => Room = value ? 0 : int.MaxValue;
    }

    /// <summary>How many more writes fit.</summary>
    public int Room
    {
        set => Volatile.Write(ref _room, value);
    }

    public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        Use();
        base.Write(file, bytes, offset);
    }

    public override void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset)
    {
        Use();
        base.Write(file, pieces, offset);
    }

    private void Use()
    {
        if (Interlocked.Decrement(ref _room) < 0)
        {
            Interlocked.Increment(ref _room);
            throw new IOException("No space left on device", OperatingSystem.IsWindows() ? unchecked((int)0x80070070) : 28);
        }
    }
}
