using System.Buffers.Binary;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>
/// Numbers writes and deletes in their order, never the same number twice, across restarts and rebuilds of the index. Numbers are set aside
/// a million at a time, so that the disk is asked once and not for each; a crash skips what was set aside. How far that went stands in a
/// file of its own, and in the index for older versions. A clock would not do: one that is set back makes the older write win a rebuild.
/// </summary>
internal sealed class SequenceCounter : IDisposable
{
    /// <summary>How many numbers are set aside at once.</summary>
    public const ulong Reserve = 1 << 20;

    private readonly StoreFolders _folders;
    private readonly StoreDisk _disk;
    private readonly OrderedIndex _index;
    private readonly SemaphoreSlim _reserving = new(1, 1);
    private ulong _last;
    private ulong _reserved;

    private SequenceCounter(StoreFolders folders, StoreDisk disk, OrderedIndex index, ulong last) =>
        (_folders, _disk, _index, _last, _reserved, AtOpening) = (folders, disk, index, last, last, last);

    /// <summary>The highest number of any process before this one.</summary>
    public ulong AtOpening { get; }

    /// <summary>Goes on behind the highest number that was ever set aside.</summary>
    public static SequenceCounter Open(StoreFolders folders, StoreDisk disk, OrderedIndex index, ILogger logger) =>
        new(folders, disk, index, Math.Max(ReadFile(folders, logger), index.TryGet(RowKeys.Sequence, out var value) ? Read(value) : 0));

    /// <summary>The number in a row's value.</summary>
    public static ulong Read(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadUInt64LittleEndian(value);

    /// <summary>The row that says numbers up to <paramref name="last"/> are gone.</summary>
    public static byte[] RowValue(ulong last)
    {
        var value = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(value, last);
        return value;
    }

    /// <summary>The next number.</summary>
    /// <exception cref="S3Exception">InsufficientStorage, InternalError.</exception>
    public async ValueTask<ulong> NextAsync()
    {
        while (true)
        {
            // Read before counting: a number counts only if it was set aside when it was taken.
            var reserved = Volatile.Read(ref _reserved);
            var next = Interlocked.Increment(ref _last);
            if (next <= reserved)
            {
                return next;
            }

            await ReserveAsync(next);
            if (next <= Volatile.Read(ref _reserved))
            {
                return next;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _reserving.Dispose();

    private async Task ReserveAsync(ulong wanted)
    {
        await _reserving.WaitAsync();
        try
        {
            if (wanted > _reserved)
            {
                var reserved = wanted + Reserve;
                await RecordFile.WriteAsync(_folders, _disk, FileKind.Sequence, _folders.Sequence, RowValue(reserved),
                    CancellationToken.None);
                var batch = new IndexBatch();
                batch.Put(RowKeys.Sequence, RowValue(reserved));
                await _index.CommitAsync(batch);
                Volatile.Write(ref _reserved, reserved);
            }
        }
        catch (IOException failure)
        {
            throw StoreDisk.ToS3(failure);
        }
        finally
        {
            _reserving.Release();
        }
    }

    /// <summary>
    /// What the file says. One that cannot be read is logged and made anew with the next numbers; the index, and a rebuild of it, know
    /// enough to go on behind them.
    /// </summary>
    private static ulong ReadFile(StoreFolders folders, ILogger logger)
    {
        if (!File.Exists(folders.Sequence))
        {
            return 0;
        }

        try
        {
            using var file = RecordFile.Open(folders.Sequence);
            var (preamble, record) = RecordFile.ReadHeader(file);
            return preamble.Kind == FileKind.Sequence && record.Length == sizeof(ulong) ? Read(record)
                : throw new InvalidDataException("It is another file.");
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            Log.StoredFileUnreadable(logger, folders.Sequence, failure.Message);
            return 0;
        }
    }
}
