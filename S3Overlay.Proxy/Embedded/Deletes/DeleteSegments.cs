using System.Globalization;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;

namespace S3Overlay.Proxy.Embedded.Deletes;

/// <summary>The files of the delete log, by number.</summary>
internal sealed class DeleteSegments(StoreFolders folders)
{
    /// <summary>Records per write.</summary>
    private const int AtOnce = 1024;

    /// <summary>The segments, oldest first.</summary>
    public List<string> List() => [.. Directory.EnumerateFiles(folders.Deletes, "*.log").Order(StringComparer.Ordinal)];

    public string PathOf(int number) => Path.Combine(folders.Deletes, number.ToString("D8", CultureInfo.InvariantCulture) + ".log");

    public static int NumberOf(string segment) => int.Parse(Path.GetFileNameWithoutExtension(segment), CultureInfo.InvariantCulture);

    /// <summary>Reads segments in order, one record in memory at a time. Skips a bad record up to the next good one.</summary>
    /// <param name="segments">The segments.</param>
    /// <param name="bad">Called for each bad place with the file, the position, and true if it may be the tail that a killed process
    /// leaves. May be null.</param>
    public static IEnumerable<DeleteRecord> Read(IEnumerable<string> segments, Action<string, long, bool>? bad = null) =>
        segments.SelectMany(segment => Read(segment, 0, bad));

    /// <summary>
    /// Records of the last segment that the index may lack after a crash. In a damaged segment only those after the last bad place:
    /// repeating earlier ones would undo what the lost record did.
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
    /// Replaces segments by one with other records. Its first record says that it replaces those before it, so they no longer count from
    /// the moment it exists, even if some remain.
    /// </summary>
    /// <param name="disk">The disk.</param>
    /// <param name="old">The replaced segments.</param>
    /// <param name="place">The new one's path: the last of them, or one after it.</param>
    /// <param name="records">Its records.</param>
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
