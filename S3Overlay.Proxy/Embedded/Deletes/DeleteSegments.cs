using System.Globalization;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;

namespace S3Overlay.Proxy.Embedded.Deletes;

/// <summary>The files of the log of deletes, by their numbers.</summary>
internal sealed class DeleteSegments(StoreFolders folders)
{
    /// <summary>So many records are written at once.</summary>
    private const int AtOnce = 1024;

    /// <summary>The segments, oldest first.</summary>
    public List<string> List() => [.. Directory.EnumerateFiles(folders.Deletes, "*.log").Order(StringComparer.Ordinal)];

    /// <summary>Where a segment is.</summary>
    public string PathOf(int number) => Path.Combine(folders.Deletes, number.ToString("D8", CultureInfo.InvariantCulture) + ".log");

    /// <summary>The number of a segment.</summary>
    public static int NumberOf(string segment) => int.Parse(Path.GetFileNameWithoutExtension(segment), CultureInfo.InvariantCulture);

    /// <summary>
    /// The records of some segments in order, one in memory at a time. A bad one is passed over, up to the next that is whole.
    /// </summary>
    /// <param name="segments">The segments.</param>
    /// <param name="bad">Told of each bad place: the file, the byte, and whether it may be the tail that a killed process leaves. Null for
    /// nobody.</param>
    public static IEnumerable<DeleteRecord> Read(IEnumerable<string> segments, Action<string, long, bool>? bad = null) =>
        segments.SelectMany(segment => Read(segment, 0, bad));

    /// <summary>
    /// The records of the last segment that the index may lack after a crash. If it is damaged, these are the ones behind the last bad
    /// place: to repeat what is before it would undo what the lost record did.
    /// </summary>
    public IEnumerable<DeleteRecord> ReadUnfinished()
    {
        if (List().LastOrDefault() is not { } last)
        {
            return [];
        }

        var from = 0L;
        foreach (var _ in Read(last, 0, (_, position, isTorn) => from = isTorn ? from : position))
        {
        }

        return Read(last, from, null);
    }

    /// <summary>
    /// Puts a segment of other records in place of some. It says first that it replaces those before it, so that they do not count any more
    /// from the moment it is there, whichever of them are left.
    /// </summary>
    /// <param name="disk">The disk.</param>
    /// <param name="old">The segments that are replaced.</param>
    /// <param name="place">Where the new one is to be: the last of them, or one behind it.</param>
    /// <param name="records">What it says.</param>
    public async Task ReplaceAsync(StoreDisk disk, IReadOnlyList<string> old, string place, IEnumerable<DeleteRecord> records)
    {
        var aside = Path.Combine(folders.Incoming, "deletes");
        disk.Remove(aside);
        await using (var log = GroupCommitLog.Open(aside, new StoreDisk(isDurable: false), 0))
        {
            foreach (var some in records.Prepend(new DeleteRecord(DeleteKind.Replaces, 0, "", "", default)).Chunk(AtOnce))
            {
                await Task.WhenAll(some.Select(record => log.AppendAsync(record.Write()).AsTask()));
            }
        }

        using (var file = File.OpenHandle(aside, FileMode.Open, FileAccess.ReadWrite))
        {
            disk.Sync(file);
        }

        disk.Move(aside, place);
        await disk.SyncFolderAsync(folders.Deletes);
        foreach (var segment in old.Where(segment => segment != place))
        {
            disk.Delete(segment);
        }
    }

    private static IEnumerable<DeleteRecord> Read(string segment, long from, Action<string, long, bool>? bad)
    {
        using var reader = JournalReader.Open(segment, from);
        while (reader is { IsAtEnd: false })
        {
            var position = reader.Position;
            if (reader.TryRead(out var bytes))
            {
                if (Parse(bytes) is { } record)
                {
                    yield return record;
                }
                else
                {
                    bad?.Invoke(segment, position, false);
                }

                continue;
            }

            bad?.Invoke(segment, position, reader.IsTorn);
            if (!reader.TrySkip())
            {
                break;
            }
        }
    }

    private static DeleteRecord? Parse(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return DeleteRecord.Read(bytes.Span);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
