using System.Runtime.InteropServices;

using Microsoft.Win32.SafeHandles;

namespace S3Overlay.Proxy.Overlay.Cache.Blocks;

/// <summary>
/// Positional reads that never block the caller. Bytes in the page cache are read on the caller's thread, which saves two thread switches
/// per read on a hot cache; the rest goes to the thread pool. Only Linux can do both (<c>preadv2</c> with <c>RWF_NOWAIT</c>);
/// elsewhere all reads go to the pool, because handlers run on socket threads.
/// </summary>
internal static partial class DiskReader
{
    private const int NoWait = 8;
    private const int OpenAt2Number = 437;
    private const int CurrentFolder = -100;
    private const ulong CloseOnExec = 0x80000;
    private const ulong ReadWrite = 2;
    private const ulong ResolveCached = 0x20;

    private static volatile bool _canTry = OperatingSystem.IsLinux() && nint.Size == 8;
    private static volatile bool _canOpen = true;

    /// <summary>False if <see cref="TryReadCached"/> cannot work here.</summary>
    public static bool CanReadCached => _canTry;

    /// <summary>False if <see cref="TryOpenCached"/> cannot work here.</summary>
    public static bool CanOpenCached => _canTry && _canOpen;

    /// <summary>Fills the buffer from an offset on, up to the end of the file.</summary>
    public static ValueTask<int> ReadAsync(SafeFileHandle file, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = TryReadCached(file, offset, buffer.Span);
        return read == buffer.Length ? new(read) : RestAsync(file, offset, buffer, read, cancellationToken);
    }

    /// <summary>Reads only what is in memory.</summary>
    public static unsafe int TryReadCached(SafeFileHandle file, long offset, Span<byte> buffer)
    {
        if (!_canTry || buffer.IsEmpty)
        {
            return 0;
        }

        var held = false;
        try
        {
            file.DangerousAddRef(ref held);
            fixed (byte* start = buffer)
            {
                var piece = new Piece { Start = start, Length = (nuint)buffer.Length };
                var read = Preadv2((int)file.DangerousGetHandle(), &piece, 1, offset, NoWait);
                if (read >= 0)
                {
                    return (int)read;
                }

                // EAGAIN: not in memory. Any other error: this file system or kernel does not support the flag.
                if (Marshal.GetLastPInvokeError() is not 11 and not 4)
                {
                    _canTry = false;
                }

                return 0;
            }
        }
        catch (EntryPointNotFoundException)
        {
            _canTry = false;
            return 0;
        }
        finally
        {
            if (held)
            {
                file.DangerousRelease();
            }
        }
    }

    /// <summary>
    /// Opens an existing file if its path is in the kernel's memory. Unlike <see cref="File.OpenHandle"/> it takes no lock, and asks for no
    /// length: four system calls fewer.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="canWrite">False to open it for reading alone.</param>
    /// <returns>Null if opening it might wait for the disk, or fails.</returns>
    /// <remarks>https://man7.org/linux/man-pages/man2/openat2.2.html</remarks>
    public static unsafe SafeFileHandle? TryOpenCached(string path, bool canWrite = false)
    {
        if (!CanOpenCached)
        {
            return null;
        }

        var how = new OpenHow { Flags = CloseOnExec | (canWrite ? ReadWrite : 0), Resolve = ResolveCached };
        try
        {
            var descriptor = OpenAt2(OpenAt2Number, CurrentFolder, path, &how, (nuint)sizeof(OpenHow));
            if (descriptor >= 0)
            {
                return new SafeFileHandle(descriptor, ownsHandle: true);
            }
        }
        catch (EntryPointNotFoundException)
        {
            _canOpen = false;
            return null;
        }

        // EAGAIN: not in memory. ENOENT and EMFILE: the ordinary way reports them. Any other error: this kernel, or a container's filter,
        // does not support the call.
        if (Marshal.GetLastPInvokeError() is not (11 or 2 or 24 or 23 or 4))
        {
            _canOpen = false;
        }

        return null;
    }

    private static async ValueTask<int> RestAsync(
        SafeFileHandle file, long offset, Memory<byte> buffer, int read, CancellationToken cancellationToken)
    {
        while (read < buffer.Length)
        {
            var more = await RandomAccess.ReadAsync(file, buffer[read..], offset + read, cancellationToken);
            if (more == 0)
            {
                break;
            }

            read += more;
        }

        return read;
    }

    [LibraryImport("libc", EntryPoint = "preadv2", SetLastError = true)]
    private static unsafe partial nint Preadv2(int descriptor, Piece* pieces, int count, long offset, int flags);

    /// <summary>The C library has no function of its own for it.</summary>
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial nint OpenAt2(nint number, nint folder, string path, OpenHow* how, nuint size);

    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    private unsafe struct Piece
    {
        public byte* Start;
        public nuint Length;
    }
}
