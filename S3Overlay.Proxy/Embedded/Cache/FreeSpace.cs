using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>How much of the disk copies leave free (rule E5).</summary>
/// <param name="disk">The disk.</param>
/// <param name="folder">The copies' folder.</param>
/// <param name="minFree">How many bytes that is; null for 5 % of the disk, and 1 GiB at most.</param>
internal sealed class FreeSpace(StoreDisk disk, string folder, long? minFree)
{
    /// <summary>In bytes. Nothing where a disk does not say how large it is.</summary>
    public long MinFree { get; } = minFree ?? Math.Min(1L << 30, (disk.SizeOf(folder) ?? 0) / 20);

    /// <summary>Whether less is free now. Asks the disk.</summary>
    public bool IsShort => MinFree > 0 && disk.RoomOf(folder) < MinFree;
}
