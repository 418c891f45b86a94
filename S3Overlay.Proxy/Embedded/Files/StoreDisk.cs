using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>
/// What the store does to the disk when it writes: one place, so that a test can make it full or slow, and so that durability is one
/// switch.
/// </summary>
internal class StoreDisk(bool isDurable)
{
    private readonly SharedFolderSync _folders = new();

    /// <summary>Whether writes wait for the disk.</summary>
    public bool IsDurable { get; } = isDurable;

    /// <summary>Makes a file that is not there yet.</summary>
    public virtual SafeFileHandle Create(string path) =>
        File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);

    /// <summary>Opens a file to read and write, and makes it where it is not there.</summary>
    public virtual SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);

    /// <summary>Writes at a position.</summary>
    public virtual void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(file, bytes, offset);

    /// <summary>Writes pieces behind one another at a position.</summary>
    public virtual void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset) =>
        RandomAccess.Write(file, pieces, offset);

    /// <summary>Waits until the file's bytes are on disk.</summary>
    public virtual void Sync(SafeFileHandle file)
    {
        if (IsDurable)
        {
            RandomAccess.FlushToDisk(file);
        }
    }

    /// <summary>Gives a finished file its place, over whatever was there.</summary>
    public virtual void Move(string from, string to) => File.Move(from, to, overwrite: true);

    /// <summary>Cuts a file off, or makes room at its end.</summary>
    public virtual void SetLength(SafeFileHandle file, long length) => RandomAccess.SetLength(file, length);

    /// <summary>Takes a file away; no error where it is gone.</summary>
    /// <exception cref="IOException">It is still there.</exception>
    public virtual void Remove(string path) => File.Delete(path);

    /// <summary>Takes a file away, if the disk lets it.</summary>
    /// <returns>Whether it is gone.</returns>
    public bool Delete(string path)
    {
        try
        {
            Remove(path);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The disk fails; or it is held open by somebody who does not share (a virus scanner on Windows).
            return false;
        }
    }

    /// <summary>Waits until the names in a folder are on disk.</summary>
    public virtual Task SyncFolderAsync(string folder) => IsDurable ? _folders.SyncAsync(folder) : Task.CompletedTask;

    /// <summary>The same, for those who write on a thread of their own.</summary>
    public virtual void SyncFolder(string folder)
    {
        if (IsDurable)
        {
            FolderSync.Sync(folder);
        }
    }

    /// <summary>How many bytes there is room for, about, in a folder; null where that cannot be told. A quota may leave less.</summary>
    public virtual long? RoomOf(string folder) => Ask(folder, static drive => drive.AvailableFreeSpace);

    /// <summary>How many bytes the disk of a folder has; null where that cannot be told.</summary>
    public virtual long? SizeOf(string folder) => Ask(folder, static drive => drive.TotalSize);

    /// <summary>Has whoever can give room back do so.</summary>
    /// <param name="bytes">How much is needed.</param>
    /// <returns>Whether there is more room than before.</returns>
    public virtual bool MakeRoom(long bytes) => false;

    private static long? Ask(string folder, Func<DriveInfo, long> ask)
    {
        try
        {
            var drive = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(folder)! : folder);

            // A file system that tells nothing of itself says that it has no room at all (FUSE, where statfs is not implemented).
            return drive.TotalSize > 0 ? ask(drive) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // A share on Windows has no drive.
            return null;
        }
    }

    /// <summary>What says in a failure that the disk is full.</summary>
    public static int FullCode => OperatingSystem.IsWindows() ? unchecked((int)0x80070070) : 28;

    /// <summary>Whether a failure says that the disk, or the quota, is full.</summary>
    public static bool IsFull(IOException failure) =>
        OperatingSystem.IsWindows()
            ? (failure.HResult & 0xFFFF) is 0x27 or 0x70
            : failure.HResult is 28 /* ENOSPC */ || failure.HResult == (OperatingSystem.IsMacOS() ? 69 : 122) /* EDQUOT */;

    /// <summary>The error that a client sees of a failed write.</summary>
    public static S3Exception ToS3(Exception failure) =>
        failure is IOException disk && IsFull(disk) ? new S3Exception(S3Errors.InsufficientStorage, cause: failure)
            : new S3Exception(S3Errors.InternalError, cause: failure);
}
