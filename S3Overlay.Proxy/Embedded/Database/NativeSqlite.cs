using System.Runtime.InteropServices;

namespace S3Overlay.Proxy.Embedded.Database;

/// <summary>The parts of SQLite's C interface that a virtual file system needs (https://sqlite.org/c3ref/vfs.html).</summary>
internal static unsafe partial class NativeSqlite
{
    public const int Ok = 0;
    public const int Busy = 5;
    public const int IoError = 10;
    public const int NotFound = 12;
    public const int CannotOpen = 14;
    public const int ShortRead = IoError | (2 << 8);
    public const int DamagedData = IoError | (32 << 8);

    public const int OpenMain = 0x100;
    public const int OpenWal = 0x80000;

    /// <summary>A write does not change bytes beside it, and writes reach the disk in order as far as SQLite relies on it.</summary>
    public const int Characteristics = 0x1000 | 0x400;

    /// <summary>The operation that sets how many bytes at the end of each page are ours.</summary>
    public const int ReserveBytes = 38;

    private const string Library = "e_sqlite3";

    [LibraryImport(Library, EntryPoint = "sqlite3_vfs_find")]
    public static partial Vfs* FindVfs(byte* name);

    [LibraryImport(Library, EntryPoint = "sqlite3_vfs_register")]
    public static partial int RegisterVfs(Vfs* vfs, int isDefault);

    [LibraryImport(Library, EntryPoint = "sqlite3_file_control")]
    public static partial int FileControl(nint database, byte* schema, int operation, void* argument);

    [LibraryImport(Library, EntryPoint = "sqlite3_step")]
    public static partial int Step(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_reset")]
    public static partial int Reset(nint statement);

    // Short calls that never call back can skip the runtime's transition.
    [LibraryImport(Library, EntryPoint = "sqlite3_bind_blob"), SuppressGCTransition]
    public static partial int BindBlob(nint statement, int parameter, byte* value, int length, nint destructor);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_text"), SuppressGCTransition]
    public static partial int BindText(nint statement, int parameter, byte* value, int length, nint destructor);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_int64"), SuppressGCTransition]
    public static partial int BindNumber(nint statement, int parameter, long value);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_null"), SuppressGCTransition]
    public static partial int BindNull(nint statement, int parameter);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_blob"), SuppressGCTransition]
    public static partial byte* ColumnBlob(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_bytes"), SuppressGCTransition]
    public static partial int ColumnLength(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_int64"), SuppressGCTransition]
    public static partial long ColumnNumber(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_type"), SuppressGCTransition]
    public static partial int ColumnType(nint statement, int column);

    /// <summary>sqlite3_vfs.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Vfs
    {
        public int Version;
        public int FileSize;
        public int MaxPath;
        public Vfs* Next;
        public byte* Name;
        public void* AppData;
        public delegate* unmanaged[Cdecl]<Vfs*, byte*, OpenedFile*, int, int*, int> Open;
        public delegate* unmanaged[Cdecl]<Vfs*, byte*, int, int> Delete;
        public delegate* unmanaged[Cdecl]<Vfs*, byte*, int, int*, int> Access;
        public delegate* unmanaged[Cdecl]<Vfs*, byte*, int, byte*, int> FullPath;
        public void* LoadLibrary;
        public void* LoadError;
        public void* LoadSymbol;
        public void* LoadClose;
        public void* Randomness;
        public void* Sleep;
        public void* CurrentTime;
        public void* LastError;
        public void* CurrentTimeInt64;
    }

    /// <summary>sqlite3_file with a handle of the object that implements it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct OpenedFile
    {
        public FileMethods* Methods;
        public nint Handle;
    }

    /// <summary>sqlite3_io_methods, version 2.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FileMethods
    {
        public int Version;
        public delegate* unmanaged[Cdecl]<OpenedFile*, int> Close;
        public delegate* unmanaged[Cdecl]<OpenedFile*, byte*, int, long, int> Read;
        public delegate* unmanaged[Cdecl]<OpenedFile*, byte*, int, long, int> Write;
        public delegate* unmanaged[Cdecl]<OpenedFile*, long, int> Truncate;
        public delegate* unmanaged[Cdecl]<OpenedFile*, int, int> Sync;
        public delegate* unmanaged[Cdecl]<OpenedFile*, long*, int> Size;
        public delegate* unmanaged[Cdecl]<OpenedFile*, int, int> Lock;
        public delegate* unmanaged[Cdecl]<OpenedFile*, int, int> Unlock;
        public delegate* unmanaged[Cdecl]<OpenedFile*, int*, int> CheckReservedLock;
        public delegate* unmanaged[Cdecl]<OpenedFile*, int, void*, int> Control;
        public delegate* unmanaged[Cdecl]<OpenedFile*, int> SectorSize;
        public delegate* unmanaged[Cdecl]<OpenedFile*, int> DeviceCharacteristics;
        public delegate* unmanaged[Cdecl]<OpenedFile*, int, int, int, void**, int> SharedMap;
        public delegate* unmanaged[Cdecl]<OpenedFile*, int, int, int, int> SharedLock;
        public delegate* unmanaged[Cdecl]<OpenedFile*, void> SharedBarrier;
        public delegate* unmanaged[Cdecl]<OpenedFile*, int, int> SharedUnmap;
    }
}
