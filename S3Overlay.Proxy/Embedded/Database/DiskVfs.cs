using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

using static S3Overlay.Proxy.Embedded.Database.NativeSqlite;

namespace S3Overlay.Proxy.Embedded.Database;

/// <summary>
/// SQLite's virtual file system for our databases. All bytes go through <see cref="Files.StoreDisk"/>, and each page of a database carries
/// a checksum: SQLite itself would not notice a flipped bit. Only one process uses a database at a time, so locks and the index of the
/// write-ahead log are in memory.
/// </summary>
internal static unsafe class DiskVfs
{
    /// <summary>The name to open a database with.</summary>
    public const string Name = "s3overlay";

    private static readonly ConcurrentDictionary<string, DatabaseFiles> Databases = new(StringComparer.Ordinal);
    private static readonly FileMethods* Methods = MakeMethods();

    [ThreadStatic]
    private static Exception? _failure;

    [ThreadStatic]
    private static bool _mustNotWait;

    static DiskVfs()
    {
        SQLitePCL.Batteries_V2.Init();
        var vfs = (Vfs*)NativeMemory.Alloc((nuint)sizeof(Vfs));
        *vfs = *FindVfs(null);
        vfs->Version = 2;
        vfs->FileSize = sizeof(OpenedFile);
        vfs->MaxPath = 4096;
        vfs->Next = null;
        vfs->Name = (byte*)Marshal.StringToCoTaskMemUTF8(Name);
        vfs->AppData = null;
        vfs->Open = &Open;
        vfs->Delete = &Delete;
        vfs->Access = &Access;
        vfs->FullPath = &FullPath;
        if (RegisterVfs(vfs, 0) != Ok)
        {
            throw new InvalidOperationException("SQLite refused the virtual file system.");
        }
    }

    /// <summary>Makes a database's files known under their path.</summary>
    public static void Add(DatabaseFiles files) => Databases[files.Path] = files;

    /// <summary>Forgets them, once every connection is closed.</summary>
    public static void Remove(DatabaseFiles files) => Databases.TryRemove(new(files.Path, files));

    /// <summary>The failure of the disk behind the error that SQLite just reported to this thread; null for none.</summary>
    public static Exception? TakeFailure()
    {
        var failure = _failure;
        _failure = null;
        return failure;
    }

    /// <summary>
    /// False while this thread reads only what is in memory. Other reads fail with <see cref="NotInMemoryException"/>.
    /// </summary>
    public static bool MayWait => !_mustNotWait;

    /// <summary>Begins a call of SQLite on this thread.</summary>
    /// <param name="mayWait">The value of <see cref="MayWait"/>.</param>
    public static void Begin(bool mayWait) => (_mustNotWait, _failure) = (!mayWait, null);

    private static FileMethods* MakeMethods()
    {
        var methods = (FileMethods*)NativeMemory.Alloc((nuint)sizeof(FileMethods));
        *methods = new FileMethods
        {
            Version = 2,
            Close = &Close,
            Read = &Read,
            Write = &Write,
            Truncate = &Truncate,
            Sync = &Sync,
            Size = &Size,
            Lock = &Lock,
            Unlock = &Unlock,
            CheckReservedLock = &CheckReservedLock,
            Control = &Control,
            SectorSize = &SectorSize,
            DeviceCharacteristics = &DeviceCharacteristics,
            SharedMap = &SharedMap,
            SharedLock = &SharedLock,
            SharedBarrier = &SharedBarrier,
            SharedUnmap = &SharedUnmap,
        };
        return methods;
    }

    private static string PathOf(byte* name) => Marshal.PtrToStringUTF8((nint)name)!;

    /// <summary>The database that a file belongs to.</summary>
    private static DatabaseFiles? Find(string path, out bool isWal)
    {
        isWal = path.EndsWith(DatabaseFiles.WalSuffix, StringComparison.Ordinal);
        return Databases.GetValueOrDefault(isWal ? path[..^DatabaseFiles.WalSuffix.Length] : path);
    }

    private static int Fail(Exception failure, int code)
    {
        _failure = failure;
        return code;
    }

    private static DatabaseFile FileOf(OpenedFile* file) =>
        Unsafe.As<DatabaseFile>(GCHandle.FromIntPtr(file->Handle).Target!);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(Vfs* vfs, byte* name, OpenedFile* file, int flags, int* outFlags)
    {
        file->Methods = null;
        try
        {
            DatabaseFile opened;
            if ((flags & (OpenMain | OpenWal)) == 0)
            {
                // Temporary files of statements.
                opened = new MemoryFile();
            }
            else if (Find(PathOf(name), out var isWal) is { } files)
            {
                opened = isWal ? files.OpenWal() : files.OpenMain();
            }
            else
            {
                return CannotOpen;
            }

            file->Handle = GCHandle.ToIntPtr(GCHandle.Alloc(opened));
            file->Methods = Methods;
            if (outFlags != null)
            {
                *outFlags = flags;
            }

            return Ok;
        }
        catch (Exception failure)
        {
            return Fail(failure, CannotOpen);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Delete(Vfs* vfs, byte* name, int syncFolder)
    {
        try
        {
            if (Find(PathOf(name), out var isWal) is { } files && isWal)
            {
                files.DeleteWal();
            }

            return Ok;
        }
        catch (Exception failure)
        {
            return Fail(failure, IoError);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Access(Vfs* vfs, byte* name, int flags, int* result)
    {
        *result = Find(PathOf(name), out var isWal) is { } files && (isWal ? files.HasWal : File.Exists(files.Path)) ? 1 : 0;
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FullPath(Vfs* vfs, byte* name, int length, byte* result)
    {
        var path = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name);
        if (path.Length >= length)
        {
            return CannotOpen;
        }

        path.CopyTo(new Span<byte>(result, length));
        result[path.Length] = 0;
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Close(OpenedFile* file)
    {
        var handle = GCHandle.FromIntPtr(file->Handle);
        (handle.Target as DatabaseFile)!.Close();
        handle.Free();
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(OpenedFile* file, byte* buffer, int length, long offset)
    {
        try
        {
            var bytes = new Span<byte>(buffer, length);
            var read = FileOf(file).Read(bytes, offset);
            if (read == length)
            {
                return Ok;
            }

            bytes[read..].Clear();
            return ShortRead;
        }
        catch (InvalidDataException failure)
        {
            return Fail(failure, DamagedData);
        }
        catch (Exception failure)
        {
            return Fail(failure, IoError);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(OpenedFile* file, byte* buffer, int length, long offset)
    {
        try
        {
            FileOf(file).Write(new ReadOnlySpan<byte>(buffer, length), offset);
            return Ok;
        }
        catch (Exception failure)
        {
            return Fail(failure, IoError);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(OpenedFile* file, long length)
    {
        try
        {
            FileOf(file).SetLength(length);
            return Ok;
        }
        catch (Exception failure)
        {
            return Fail(failure, IoError);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sync(OpenedFile* file, int flags)
    {
        try
        {
            FileOf(file).Sync();
            return Ok;
        }
        catch (Exception failure)
        {
            return Fail(failure, IoError);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Size(OpenedFile* file, long* size)
    {
        try
        {
            *size = FileOf(file).Length;
            return Ok;
        }
        catch (Exception failure)
        {
            return Fail(failure, IoError);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Lock(OpenedFile* file, int level) => FileOf(file).TryLock(level) ? Ok : Busy;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Unlock(OpenedFile* file, int level)
    {
        FileOf(file).Unlock(level);
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CheckReservedLock(OpenedFile* file, int* result)
    {
        *result = FileOf(file).IsReserved ? 1 : 0;
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Control(OpenedFile* file, int operation, void* argument) => NotFound;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SectorSize(OpenedFile* file) => Pages.Size;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int DeviceCharacteristics(OpenedFile* file) => Characteristics;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SharedMap(OpenedFile* file, int region, int size, int mayExtend, void** result)
    {
        *result = FileOf(file).SharedRegion(region, size, mayExtend != 0);
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SharedLock(OpenedFile* file, int first, int count, int flags) =>
        FileOf(file).TrySharedLock(first, count, isUnlock: (flags & 1) != 0, isExclusive: (flags & 8) != 0) ? Ok : Busy;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void SharedBarrier(OpenedFile* file) => Interlocked.MemoryBarrier();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SharedUnmap(OpenedFile* file, int mustDelete) => Ok;
}

/// <summary>A read that must not wait for the disk needs something that is not in memory.</summary>
internal sealed class NotInMemoryException : IOException;
