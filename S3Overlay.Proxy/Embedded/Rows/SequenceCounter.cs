using System.Buffers.Binary;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>
/// Numbers all writes and deletes in order, never the same number twice, across restarts and rebuilds of the database. Numbers are
/// reserved a million at a time, so the disk is written once for all of them; a crash skips the rest. The reservation is in a file. A
/// clock would not do: after it is set back, the older write would win a rebuild.
/// </summary>
internal sealed class SequenceCounter(StoreFolders folders, StoreDisk disk, ulong last) : IDisposable
{
    /// <summary>Numbers per reservation.</summary>
    public const ulong Reserve = 1 << 20;

    private readonly SemaphoreSlim _reserving = new(1, 1);
    private ulong _last = last;
    private ulong _reserved = last;

    /// <summary>The highest number of any earlier process.</summary>
    public ulong AtOpening { get; } = last;

    /// <summary>Continues after the highest number ever reserved.</summary>
    /// <param name="folders">The folders.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="highest">The highest number in the store's rows: if the file is lost, numbers continue after it.</param>
    /// <param name="logger">Gets damage.</param>
    public static SequenceCounter Open(StoreFolders folders, StoreDisk disk, ulong highest, ILogger logger) =>
        new(folders, disk, ReadFile(folders, logger) is var reserved && reserved > 0 ? Math.Max(reserved, highest) : highest + Reserve);

    /// <summary>The number in a row's value.</summary>
    public static ulong Read(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadUInt64LittleEndian(value);

    /// <summary>The row that reserves numbers up to <paramref name="last"/>.</summary>
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
            // Read before counting: a number counts only if it was reserved when it was taken.
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
                await RecordFile.WriteAsync(folders, disk, FileKind.Sequence, folders.Sequence, RowValue(reserved), CancellationToken.None);
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
    /// The file's number. An unreadable file is logged and rewritten with the next reservation; the index, or its rebuild, knows enough to
    /// continue.
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
