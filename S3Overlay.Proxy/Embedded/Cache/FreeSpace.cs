using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>How much of the disk the cache leaves free (rule E5).</summary>
/// <param name="disk">The disk.</param>
/// <param name="folder">The cache's folder.</param>
/// <param name="minFree">Bytes to leave free; null for 5 % of the disk, at most 1 GiB.</param>
internal sealed class FreeSpace(StoreDisk disk, string folder, long? minFree)
{
    /// <summary>In bytes. 0 if the disk's size is unknown.</summary>
    public long MinFree { get; } = minFree ?? Math.Min(1L << 30, (disk.SizeOf(folder) ?? 0) / 20);

    /// <summary>True if less is free now. Asks the disk.</summary>
    public bool IsShort => MinFree > 0 && disk.RoomOf(folder) < MinFree;
}
