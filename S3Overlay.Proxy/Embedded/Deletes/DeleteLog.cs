using System.Globalization;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;

namespace S3Overlay.Proxy.Embedded.Deletes;

/// <summary>
/// The truth about deletes: an appended, synced log in segments. The index holds the same for look-ups; this is what it is built from again, and what keeps
/// a rebuild from bringing an object back whose file's removal was lost in a power cut. Only the last segment is read when the store opens: what the ones before it say
/// is in the index for good.
/// </summary>
internal sealed class DeleteLog : IAsyncDisposable
{
    private readonly StoreFolders _folders;
    private readonly StoreDisk _disk;
    private readonly int _number;
    private GroupCommitLog _log;

    private DeleteLog(StoreFolders folders, StoreDisk disk, int number, GroupCommitLog log) => (_folders, _disk, _number, _log) = (folders, disk, number, log);

    /// <summary>Whether a delete that was refused may be found by whoever reads the log next. Known once it is closed.</summary>
    public bool IsInDoubt => _log.IsInDoubt;

    /// <summary>Opens the last segment, handing its records to <paramref name="replay"/>.</summary>
    public static DeleteLog Open(StoreFolders folders, StoreDisk disk, Action<DeleteRecord> replay)
    {
        var number = Segments(folders).LastOrDefault() is { } last ? NumberOf(last) : 1;
        return new DeleteLog(folders, disk, number, OpenSegment(PathOf(folders, number), disk, replay));
    }

    /// <summary>Starts the next segment where this one is full. Only while nothing is appended, and what this one says is in the index for good: no start reads it again.</summary>
    /// <param name="size">How long a full one is.</param>
    public async Task CloseFullAsync(long size)
    {
        if (_log.Length > size)
        {
            var next = OpenSegment(PathOf(_folders, _number + 1), _disk, static _ => { });
            await _log.DisposeAsync();
            _log = next;
        }
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
        disk.Remove(aside);
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

        // The new segment takes the next number: should the removal of the old ones be lost, or fail, those that are left still say the same together, as long as no younger one goes before an older.
        disk.Move(aside, PathOf(folders, (old.Length == 0 ? 0 : NumberOf(old[^1])) + 1));
        await disk.SyncFolderAsync(folders.Deletes);
        foreach (var segment in old)
        {
            if (!disk.Delete(segment))
            {
                return;
            }

            await disk.SyncFolderAsync(folders.Deletes);
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
