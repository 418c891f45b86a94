using System.Globalization;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;

namespace S3Overlay.Proxy.Embedded.Deletes;

/// <summary>
/// The truth about deletes: an appended, synced log in segments. The index holds the same for look-ups; this is what it is built from again, and what keeps
/// a rebuild from bringing an object back whose file's removal was lost in a power cut. Only the last segment is read when the store opens.
/// </summary>
internal sealed class DeleteLog : IAsyncDisposable
{
    /// <summary>A segment that is longer is closed at the next start.</summary>
    private const long SegmentSize = 16 << 20;

    private readonly GroupCommitLog _log;

    private DeleteLog(GroupCommitLog log) => _log = log;

    /// <summary>Opens the last segment, handing its records to <paramref name="replay"/>, or starts the next one where it is full.</summary>
    public static async Task<DeleteLog> OpenAsync(StoreFolders folders, StoreDisk disk, Action<DeleteRecord> replay)
    {
        var last = Segments(folders).LastOrDefault();
        var log = OpenSegment(last ?? PathOf(folders, 1), disk, replay);
        if (last is not null && new FileInfo(last).Length > SegmentSize)
        {
            await log.DisposeAsync();
            log = OpenSegment(PathOf(folders, NumberOf(last) + 1), disk, replay);
        }

        return new DeleteLog(log);
    }

    /// <summary>Reads every record of every segment, oldest first: for building the index again.</summary>
    public static async Task ReadAllAsync(StoreFolders folders, StoreDisk disk, Action<DeleteRecord> replay)
    {
        foreach (var segment in Segments(folders))
        {
            await OpenSegment(segment, disk, replay).DisposeAsync();
        }
    }

    /// <summary>Puts other records in place of all there are: what a rebuild found to be still of use.</summary>
    public static async Task ReplaceAsync(StoreFolders folders, StoreDisk disk, IEnumerable<DeleteRecord> records)
    {
        var old = Segments(folders).ToArray();
        var aside = Path.Combine(folders.Incoming, "deletes");
        disk.Delete(aside);
        await using (var log = GroupCommitLog.Open(aside, new StoreDisk(isDurable: false), static _ => { }))
        {
            var pending = new List<Task>();
            foreach (var record in records)
            {
                pending.Add(log.AppendAsync(record.Write()).AsTask());
                if (pending.Count == 1024)
                {
                    await Task.WhenAll(pending);
                    pending.Clear();
                }
            }

            await Task.WhenAll(pending);
        }

        using (var file = File.OpenHandle(aside, FileMode.Open, FileAccess.ReadWrite))
        {
            disk.Sync(file);
        }

        // The new segment takes the next number: should the removal of the old ones be lost, all of them together still say the same.
        disk.Move(aside, PathOf(folders, (old.Length == 0 ? 0 : NumberOf(old[^1])) + 1));
        await disk.SyncFolderAsync(folders.Deletes);
        foreach (var segment in old)
        {
            disk.Delete(segment);
        }
    }

    /// <summary>Adds a record; returns once it survives a power cut.</summary>
    public async ValueTask AppendAsync(DeleteRecord record)
    {
        try
        {
            await _log.AppendAsync(record.Write());
        }
        catch (IOException failure)
        {
            throw StoreDisk.ToS3(failure);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _log.DisposeAsync();

    private static GroupCommitLog OpenSegment(string path, StoreDisk disk, Action<DeleteRecord> replay) =>
        GroupCommitLog.Open(path, disk, bytes => replay(DeleteRecord.Read(bytes.Span)));

    private static IEnumerable<string> Segments(StoreFolders folders) =>
        Directory.EnumerateFiles(folders.Deletes, "*.log").Order(StringComparer.Ordinal);

    private static string PathOf(StoreFolders folders, int number) =>
        Path.Combine(folders.Deletes, number.ToString("D8", CultureInfo.InvariantCulture) + ".log");

    private static int NumberOf(string segment) => int.Parse(Path.GetFileNameWithoutExtension(segment), CultureInfo.InvariantCulture);
}
