using Microsoft.Win32.SafeHandles;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>The store's disk if the cache is on it too: a write that finds it full makes the cache evict, and is retried.</summary>
internal sealed class SharedDisk(StoreDisk disk) : StoreDisk(disk.IsDurable)
{
    /// <summary>Evicts at least so many bytes; false if nothing can be evicted. Must not throw.</summary>
    public Func<long, bool> GivesWay { get; set; } = static _ => false;

    /// <inheritdoc/>
    public override bool MakeRoom(long bytes) => GivesWay(bytes);

    /// <inheritdoc/>
    public override SafeFileHandle Create(string path) => Retry(() => disk.Create(path));

    /// <inheritdoc/>
    public override SafeFileHandle Open(string path) => Retry(() => disk.Open(path));

    /// <inheritdoc/>
    public override SafeFileHandle OpenUnsynced(string path) => Retry(() => disk.OpenUnsynced(path));

    /// <inheritdoc/>
    public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        while (true)
        {
            try
            {
                disk.Write(file, bytes, offset);
                return;
            }
            catch (IOException failure) when (IsFull(failure) && GivesWay(bytes.Length))
            {
            }
        }
    }

    /// <inheritdoc/>
    public override void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset)
    {
        while (true)
        {
            try
            {
                disk.Write(file, pieces, offset);
                return;
            }
            catch (IOException failure) when (IsFull(failure) && GivesWay(pieces.Sum(static piece => (long)piece.Length)))
            {
            }
        }
    }

    /// <inheritdoc/>
    public override void Move(string from, string to) => disk.Move(from, to);

    /// <inheritdoc/>
    public override void SetLength(SafeFileHandle file, long length) => disk.SetLength(file, length);

    /// <inheritdoc/>
    public override void Remove(string path) => disk.Remove(path);

    /// <inheritdoc/>
    public override void Sync(SafeFileHandle file) => disk.Sync(file);

    /// <inheritdoc/>
    public override void SyncFolder(string folder) => disk.SyncFolder(folder);

    /// <inheritdoc/>
    public override Task SyncFolderAsync(string folder) => disk.SyncFolderAsync(folder);

    /// <inheritdoc/>
    public override long? RoomOf(string folder) => disk.RoomOf(folder);

    /// <inheritdoc/>
    public override long? SizeOf(string folder) => disk.SizeOf(folder);

    /// <summary>True if two folders are on one disk: under the same mount point, as far as that is known.</summary>
    public static bool Has(string one, string other) => MountOf(one) == MountOf(other);

    private SafeFileHandle Retry(Func<SafeFileHandle> act)
    {
        while (true)
        {
            try
            {
                return act();
            }
            catch (IOException failure) when (IsFull(failure) && GivesWay(1))
            {
            }
        }
    }

    private static string MountOf(string folder)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + Path.DirectorySeparatorChar;
        return DriveInfo.GetDrives()
            .Select(static drive => Path.TrimEndingDirectorySeparator(drive.RootDirectory.FullName).TrimEnd(Path.DirectorySeparatorChar)
                + Path.DirectorySeparatorChar)
            .Where(mount => path.StartsWith(mount, StringComparison.Ordinal))
            .MaxBy(static mount => mount.Length) ?? "";
    }
}
