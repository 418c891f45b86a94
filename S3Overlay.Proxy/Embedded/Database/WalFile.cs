using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Database;

/// <summary>
/// The WAL. SQLite checks it itself when it reads it at the start. What the disk refuses waits in memory until a checkpoint syncs it:
/// until then it counts as not synced anyway.
/// </summary>
internal sealed class WalFile(string path, StoreDisk disk, bool mayWait, CheckpointMark mark) : DatabaseFile, IDisposable
{
    private const int HeaderSize = 32;
    private const int FrameHeaderSize = 24;

    /// <summary>The most bytes of a transaction that are gathered for one write.</summary>
    private const int MostGathered = 16 * (FrameHeaderSize + Pages.Size);

    private readonly SafeFileHandle _file = disk.OpenUnsynced(path);
    private readonly byte[] _salts = CheckpointMark.SaltsOf(path);
    private readonly Lock _writing = new();
    private long _committed;

    /// <summary>Where a transaction ends whose last page is written next; otherwise 0.</summary>
    private long _ending;
    private bool _isNamed;

    /// <summary>
    /// The end of a transaction that is being written. SQLite writes each frame in two pieces, and nothing needs them before the last.
    /// </summary>
    private readonly byte[] _gathered = new byte[MostGathered];
    private int _gatheredLength;

    /// <summary>The end of what was written since the WAL began anew.</summary>
    private long _end;

    /// <summary>Where the gathered bytes belong; <see cref="long.MaxValue"/> without any.</summary>
    private long _gatheredFrom = long.MaxValue;

    /// <summary>What waits in memory and where it begins. Replaced as a whole: readers may still use the one before.</summary>
    private volatile Rest? _rest;

    public long WaitingBytes => _rest?.Bytes.Length ?? 0;

    /// <summary>The end of the last transaction that was written since the start.</summary>
    public long Committed => Volatile.Read(ref _committed);

    public long Space => RandomAccess.GetLength(_file);

    public override long Length
    {
        get
        {
            lock (_writing)
            {
                return Math.Max(
                    _gatheredLength == 0 ? 0 : _gatheredFrom + _gatheredLength,
                    _rest is { } rest ? rest.From + rest.Bytes.Length : RandomAccess.GetLength(_file));
            }
        }
    }

    public override int Read(Span<byte> buffer, long offset)
    {
        if (offset + buffer.Length > Volatile.Read(ref _gatheredFrom))
        {
            // Only the connection that writes reads what it has not committed.
            lock (_writing)
            {
                WriteGathered();
            }
        }

        var rest = _rest;
        if (offset >= rest?.From)
        {
            return rest.Bytes.Read(buffer, offset - rest.From);
        }

        var onDisk = rest is null ? buffer.Length : (int)Math.Min(buffer.Length, rest.From - offset);
        var read = ReadDisk(disk, _file, buffer[..onDisk], offset);
        return read == onDisk && read < buffer.Length ? read + rest!.Bytes.Read(buffer[read..], 0) : read;
    }

    public override void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        // A checkpoint on another connection may sync at the same time.
        lock (_writing)
        {
            if (offset == 0)
            {
                // SQLite begins anew: everything is in the database.
                _rest = null;
            }

            var isNext = offset == _gatheredFrom + _gatheredLength && _gatheredLength + bytes.Length <= MostGathered;
            if (!isNext)
            {
                WriteGathered();
            }

            if (isNext || (bytes.Length == FrameHeaderSize && offset >= _end))
            {
                Gather(bytes, offset);
            }
            else
            {
                // The WAL's header, or a frame of this transaction that SQLite writes again.
                WriteOrKeep(bytes, offset);
            }

            _end = offset == 0 ? bytes.Length : Math.Max(_end, offset + bytes.Length);
            if (offset + bytes.Length == _ending)
            {
                WriteGathered();
            }

            Note(bytes, offset);
        }
    }

    public override void SetLength(long length)
    {
        lock (_writing)
        {
            WriteGathered();
            disk.SetLength(_file, Math.Min(length, _rest?.From ?? length));
            _rest = length <= _rest?.From ? null : _rest;
        }
    }

    /// <summary>Called only before a checkpoint copies pages to the database.</summary>
    public override void Sync()
    {
        long committed;
        byte[] salts;
        lock (_writing)
        {
            // What is gathered is not committed.
            WriteRest();

            // What is committed during the sync may not be synced.
            (committed, salts) = (_committed, [.. _salts]);
        }

        disk.Sync(_file);
        if (committed > 0)
        {
            mark.Write(salts, committed);
        }

        if (!_isNamed)
        {
            // Both files may be new.
            disk.SyncFolder(Path.GetDirectoryName(path)!);
            _isNamed = true;
        }
    }

    public void Dispose() => _file.Dispose();

    private void Gather(ReadOnlySpan<byte> bytes, long offset)
    {
        bytes.CopyTo(_gathered.AsSpan(_gatheredLength));
        _gatheredLength += bytes.Length;
        if (_gatheredFrom == long.MaxValue)
        {
            Volatile.Write(ref _gatheredFrom, offset);
        }
    }

    /// <summary>Writes what was gathered. If the disk refuses it, it is forgotten, and SQLite rolls the transaction back.</summary>
    private void WriteGathered()
    {
        var (from, length) = (_gatheredFrom, _gatheredLength);
        if (length == 0)
        {
            return;
        }

        try
        {
            WriteOrKeep(_gathered.AsSpan(0, length), from);
        }
        finally
        {
            _gatheredLength = 0;
            Volatile.Write(ref _gatheredFrom, long.MaxValue);
        }
    }

    private void WriteOrKeep(ReadOnlySpan<byte> bytes, long offset)
    {
        if (_rest is null || offset < _rest.From)
        {
            try
            {
                disk.Write(_file, bytes, offset);
                return;
            }
            catch (Exception failure) when (mayWait && failure is IOException or UnauthorizedAccessException)
            {
                _rest = new Rest(offset);
            }
        }

        _rest.Bytes.Write(bytes, offset - _rest.From);
    }

    private void WriteRest()
    {
        if (_rest is not { } rest)
        {
            return;
        }

        var bytes = new byte[Pages.Size];
        for (var at = 0L; rest.Bytes.Read(bytes, at) is var read && read > 0; at += read)
        {
            disk.Write(_file, bytes.AsSpan(0, read), rest.From + at);
        }

        _rest = null;
    }

    /// <summary>Remembers where the last transaction ends: the header of its last frame has the database's size.</summary>
    private void Note(ReadOnlySpan<byte> bytes, long offset)
    {
        if (offset == 0 && bytes.Length >= HeaderSize)
        {
            bytes.Slice(16, _salts.Length).CopyTo(_salts);
            Volatile.Write(ref _committed, 0);
        }
        else if (bytes.Length == FrameHeaderSize)
        {
            _ending = bytes[4..8].ContainsAnyExcept((byte)0) ? offset + FrameHeaderSize + Pages.Size : 0;
        }
        else if (offset + bytes.Length == _ending)
        {
            Volatile.Write(ref _committed, _ending);
        }
    }

    private sealed record Rest(long From)
    {
        public GrowingBuffer Bytes { get; } = new();
    }
}
