using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Overlay.Cache.Blocks;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>The store's writes to disk, in one place, so that tests can make it full or slow, and durability is one switch.</summary>
internal class StoreDisk(bool isDurable)
{
    private readonly SharedFolderSync _folders = new();

    /// <summary>True if writes wait for the disk.</summary>
    public bool IsDurable { get; } = isDurable;

    /// <summary>The same disk for files that are synced once they are complete.</summary>
    public StoreDisk WithoutSyncs => field ??= new UnsyncedDisk(this);

    /// <summary>Creates a file that must not exist.</summary>
    public virtual SafeFileHandle Create(string path) =>
        File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);

    /// <summary>Opens a file to read and write, and creates it if missing.</summary>
    public virtual SafeFileHandle Open(string path) => OpenFile(path);

    /// <summary>The same for a file whose bytes may be lost until someone syncs it.</summary>
    public virtual SafeFileHandle OpenUnsynced(string path) => OpenFile(path);

    public virtual void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(file, bytes, offset);

    /// <summary>Writes pieces one after another from a position.</summary>
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

    /// <summary>Renames a finished file, over an existing one.</summary>
    public virtual void Move(string from, string to) => File.Move(from, to, overwrite: true);

    /// <summary>Truncates or extends a file.</summary>
    public virtual void SetLength(SafeFileHandle file, long length) => RandomAccess.SetLength(file, length);

    /// <summary>Deletes a file; no error if it does not exist.</summary>
    /// <exception cref="IOException">It still exists.</exception>
    public virtual void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // Its folder does not exist either.
        }
    }

    /// <summary>Deletes a file, if the disk allows it.</summary>
    /// <returns>True if it is gone.</returns>
    public bool Delete(string path)
    {
        try
        {
            Remove(path);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The disk fails, or a program has it open that does not share (a virus scanner on Windows).
            return false;
        }
    }

    /// <summary>Waits until the names in a folder are on disk.</summary>
    public virtual Task SyncFolderAsync(string folder) => IsDurable ? _folders.SyncAsync(folder) : Task.CompletedTask;

    /// <summary>The same for callers with a thread of their own.</summary>
    public virtual void SyncFolder(string folder)
    {
        if (IsDurable)
        {
            FolderSync.Sync(folder);
        }
    }

    /// <summary>Approximate free bytes for a folder; null if unknown. A quota may leave less.</summary>
    public virtual long? RoomOf(string folder) => Ask(folder, static drive => drive.AvailableFreeSpace);

    /// <summary>Size of a folder's disk in bytes; null if unknown.</summary>
    public virtual long? SizeOf(string folder) => Ask(folder, static drive => drive.TotalSize);

    /// <summary>Reads until the buffer is full or the file ends. May wait for the disk.</summary>
    public virtual int Read(SafeFileHandle file, Span<byte> buffer, long offset) => RecordFile.ReadFully(file, buffer, offset);

    /// <summary>True if <see cref="TryReadCached"/> can work on this system.</summary>
    public virtual bool CanReadCached => DiskReader.CanReadCached;

    /// <summary>Reads only what is in memory, without waiting for the disk. Returns the number of bytes read.</summary>
    public virtual int TryReadCached(SafeFileHandle file, Span<byte> buffer, long offset) =>
        DiskReader.TryReadCached(file, offset, buffer);

    /// <summary>Frees space.</summary>
    /// <param name="bytes">How much is needed.</param>
    /// <returns>True if more is free than before.</returns>
    public virtual bool MakeRoom(long bytes) => false;

    private static SafeFileHandle OpenFile(string path) =>
        File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);

    private static long? Ask(string folder, Func<DriveInfo, long> ask)
    {
        try
        {
            var drive = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(folder)! : folder);

            // A file system without statistics reports no space at all (FUSE without statfs).
            return drive.TotalSize > 0 ? ask(drive) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // A network share on Windows has no drive.
            return null;
        }
    }

    /// <summary>The error code of a full disk.</summary>
    public static int FullCode => OperatingSystem.IsWindows() ? unchecked((int)0x80070070) : 28;

    /// <summary>True if a failure means that the disk or the quota is full.</summary>
    public static bool IsFull(IOException failure) =>
        OperatingSystem.IsWindows()
            ? (failure.HResult & 0xFFFF) is 0x27 or 0x70
            : failure.HResult is 28 /* ENOSPC */ || failure.HResult == (OperatingSystem.IsMacOS() ? 69 : 122) /* EDQUOT */;

    /// <summary>Runs a write. If the disk refuses it, throws the error that a client gets.</summary>
    /// <exception cref="S3Exception">InsufficientStorage, InternalError.</exception>
    public static async Task GuardAsync(Func<Task> write)
    {
        try
        {
            await write();
        }
        catch (IOException failure)
        {
            throw ToS3(failure);
        }
    }

    /// <summary>The same for a write that is running.</summary>
    /// <exception cref="S3Exception">InsufficientStorage, InternalError.</exception>
    public static async Task GuardAsync(Task write)
    {
        try
        {
            await write;
        }
        catch (IOException failure)
        {
            throw ToS3(failure);
        }
    }

    /// <summary>The error that a client gets for a failed write.</summary>
    public static S3Exception ToS3(Exception failure) =>
        failure is IOException disk && IsFull(disk) ? new S3Exception(S3Errors.InsufficientStorage, cause: failure)
            : new S3Exception(S3Errors.InternalError, cause: failure);
}

/// <summary>A disk whose syncs are left to the caller.</summary>
internal sealed class UnsyncedDisk(StoreDisk disk) : StoreDisk(isDurable: false)
{
    /// <inheritdoc/>
    public override SafeFileHandle Create(string path) => disk.Create(path);

    /// <inheritdoc/>
    public override SafeFileHandle Open(string path) => disk.Open(path);

    /// <inheritdoc/>
    public override SafeFileHandle OpenUnsynced(string path) => disk.OpenUnsynced(path);

    /// <inheritdoc/>
    public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset) => disk.Write(file, bytes, offset);

    /// <inheritdoc/>
    public override void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset) =>
        disk.Write(file, pieces, offset);

    /// <inheritdoc/>
    public override void SetLength(SafeFileHandle file, long length) => disk.SetLength(file, length);

    /// <inheritdoc/>
    public override void Move(string from, string to) => disk.Move(from, to);

    /// <inheritdoc/>
    public override void Remove(string path) => disk.Remove(path);

    /// <inheritdoc/>
    public override int Read(SafeFileHandle file, Span<byte> buffer, long offset) => disk.Read(file, buffer, offset);

    /// <inheritdoc/>
    public override int TryReadCached(SafeFileHandle file, Span<byte> buffer, long offset) => disk.TryReadCached(file, buffer, offset);
}
