using System.Runtime.InteropServices;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Database;

/// <summary>
/// The files of one database and what its connections share: locks, and the memory with the index of the write-ahead log (WAL).
/// </summary>
/// <param name="path">The database.</param>
/// <param name="disk">The disk.</param>
/// <param name="mayWait">True if a write to the WAL that the disk refuses may wait in memory: its content is on disk elsewhere.</param>
internal sealed unsafe class DatabaseFiles(string path, StoreDisk disk, bool mayWait) : IDisposable
{
    /// <summary>What SQLite appends to a database's path for its WAL.</summary>
    public const string WalSuffix = "-wal";

    /// <summary>Slots of SQLite's locks in shared memory.</summary>
    private const int Slots = 8;

    private readonly Lock _lock = new();
    private readonly List<nint> _regions = [];
    private readonly int[] _slots = new int[Slots];
    private SafeFileHandle? _file;
    private WalFile? _wal;
    private int _connections;
    private int _shared;
    private MainFile? _reserved;
    private MainFile? _exclusive;

    public string Path { get; } = path;

    public string WalPath { get; } = path + WalSuffix;

    /// <summary>Says up to where a checkpoint may have copied the WAL.</summary>
    public CheckpointMark Mark { get; } = new(path + CheckpointMark.Suffix, disk);

    /// <summary>True if a WAL exists.</summary>
    public bool HasWal
    {
        get
        {
            lock (_lock)
            {
                return _wal is not null || File.Exists(WalPath);
            }
        }
    }

    /// <summary>Bytes of the WAL that count: it begins anew without becoming shorter.</summary>
    public long WalLength => _wal?.Committed ?? 0;

    /// <summary>Bytes of the WAL's file.</summary>
    public long WalSpace => _wal?.Space ?? 0;

    /// <summary>Bytes of the WAL that the disk refused and that are in memory.</summary>
    public long WaitingBytes => _wal?.WaitingBytes ?? 0;

    public DatabaseFile OpenMain()
    {
        lock (_lock)
        {
            _file ??= disk.Open(Path);
            _connections++;
            return new MainFile(this, _file, disk);
        }
    }

    public DatabaseFile OpenWal()
    {
        lock (_lock)
        {
            return _wal ??= new WalFile(WalPath, disk, mayWait, Mark);
        }
    }

    public void DeleteWal()
    {
        lock (_lock)
        {
            _wal?.Dispose();
            _wal = null;
            disk.Remove(WalPath);
        }
    }

    /// <summary>Closes the files, after the last connection.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _wal?.Dispose();
            _file?.Dispose();
            Mark.Dispose();
            Free();
        }
    }

    /// <summary>Frees the shared memory, unless a late reader still has it.</summary>
    private void Free()
    {
        if (_connections > 0)
        {
            return;
        }

        foreach (var region in _regions)
        {
            NativeMemory.Free((void*)region);
        }

        _regions.Clear();
    }

    /// <summary>The database as one connection has it open.</summary>
    private sealed class MainFile(DatabaseFiles files, SafeFileHandle file, StoreDisk disk) : DatabaseFile
    {
        private const int Shared = 1;
        private const int Reserved = 2;
        private const int Exclusive = 4;

        private int _level;

        /// <summary>One bit per slot that this connection holds, shared or alone.</summary>
        private int _sharedSlots;
        private int _exclusiveSlots;

        public override long Length => RandomAccess.GetLength(file);

        public override bool IsReserved => files._reserved is not null;

        public override int Read(Span<byte> buffer, long offset)
        {
            var read = ReadDisk(disk, file, buffer, offset);
            if (read > 0 && Pages.IsPage(buffer.Length, offset))
            {
                // SQLite would take the missing end of a page for zeros.
                Pages.Check(buffer[..read], offset, files.Path);
            }

            return read;
        }

        public override void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            if (!Pages.IsPage(bytes.Length, offset))
            {
                throw new InvalidOperationException("SQLite writes a database by the page.");
            }

            Span<byte> page = stackalloc byte[Pages.Size];
            Pages.Seal(bytes, offset, page);
            disk.Write(file, page, offset);
        }

        public override void SetLength(long length) => disk.SetLength(file, length);

        public override void Sync() => disk.Sync(file);

        public override void Close()
        {
            Unlock(0);
            TrySharedLock(0, Slots, isUnlock: true, isExclusive: false);
            TrySharedLock(0, Slots, isUnlock: true, isExclusive: true);
            lock (files._lock)
            {
                files._connections--;
            }
        }

        public override bool TryLock(int level)
        {
            lock (files._lock)
            {
                if (level <= _level)
                {
                    return true;
                }

                if (files._exclusive is { } owner && owner != this)
                {
                    return false;
                }

                if (_level < Shared)
                {
                    (files._shared, _level) = (files._shared + 1, Shared);
                }

                if (level >= Reserved && files._reserved is { } other && other != this)
                {
                    return false;
                }

                if (level >= Reserved)
                {
                    (files._reserved, _level) = (this, Math.Max(_level, Reserved));
                }

                if (level >= Exclusive)
                {
                    if (files._shared > 1)
                    {
                        return false;
                    }

                    (files._exclusive, _level) = (this, Exclusive);
                }

                return true;
            }
        }

        public override void Unlock(int level)
        {
            lock (files._lock)
            {
                if (files._exclusive == this && level < Exclusive)
                {
                    files._exclusive = null;
                }

                if (files._reserved == this && level < Reserved)
                {
                    files._reserved = null;
                }

                if (_level >= Shared && level < Shared)
                {
                    files._shared--;
                }

                _level = Math.Min(_level, level);
            }
        }

        public override void* SharedRegion(int region, int size, bool mayExtend)
        {
            lock (files._lock)
            {
                while (files._regions.Count <= region && mayExtend)
                {
                    files._regions.Add((nint)NativeMemory.AllocZeroed((nuint)size));
                }

                return region < files._regions.Count ? (void*)files._regions[region] : null;
            }
        }

        public override bool TrySharedLock(int first, int count, bool isUnlock, bool isExclusive)
        {
            var mask = ((1 << count) - 1) << first;
            lock (files._lock)
            {
                return isUnlock ? Release(mask) : isExclusive ? TryTakeAlone(mask) : TryShare(mask);
            }
        }

        private bool Release(int mask)
        {
            for (var slot = 0; slot < Slots; slot++)
            {
                if ((mask & _sharedSlots & (1 << slot)) != 0)
                {
                    files._slots[slot]--;
                }
                else if ((mask & _exclusiveSlots & (1 << slot)) != 0)
                {
                    files._slots[slot] = 0;
                }
            }

            (_sharedSlots, _exclusiveSlots) = (_sharedSlots & ~mask, _exclusiveSlots & ~mask);
            return true;
        }

        private bool TryTakeAlone(int mask)
        {
            for (var slot = 0; slot < Slots; slot++)
            {
                if ((mask & ~_exclusiveSlots & (1 << slot)) != 0 && files._slots[slot] != 0)
                {
                    return false;
                }
            }

            for (var slot = 0; slot < Slots; slot++)
            {
                files._slots[slot] = (mask & (1 << slot)) != 0 ? -1 : files._slots[slot];
            }

            _exclusiveSlots |= mask;
            return true;
        }

        private bool TryShare(int mask)
        {
            for (var slot = 0; slot < Slots; slot++)
            {
                if ((mask & (1 << slot)) != 0 && files._slots[slot] < 0)
                {
                    return false;
                }
            }

            for (var slot = 0; slot < Slots; slot++)
            {
                files._slots[slot] += (mask & ~_sharedSlots & (1 << slot)) != 0 ? 1 : 0;
            }

            _sharedSlots |= mask;
            return true;
        }
    }
}
