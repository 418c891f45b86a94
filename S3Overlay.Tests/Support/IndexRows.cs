using System.Text;

using S3Overlay.Proxy.Embedded.Index;

namespace S3Overlay.Tests.Support;

/// <summary>Rows for tests of the index.</summary>
internal static class IndexRows
{
    /// <summary>Puts rows of a range of numbers, a commit each.</summary>
    public static async ValueTask PutAsync(OrderedIndex index, int from, int to, string value)
    {
        for (var i = from; i < to; i++)
        {
            var batch = new IndexBatch();
            batch.Put(Bytes($"{i:D7}"), Bytes(value));
            await index.CommitAsync(batch);
        }
    }

    /// <summary>All rows from a key on.</summary>
    public static List<string> Scan(OrderedIndex index, string from)
    {
        using var snapshot = index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        var rows = new List<string>();
        for (var more = cursor.Seek(Bytes(from)); more; more = cursor.Next())
        {
            rows.Add($"{Text(cursor.Key)}={Text(cursor.Value)}");
        }

        return rows;
    }

    /// <summary>The records of a journal, up to the first incomplete one.</summary>
    public static List<string> Records(string path)
    {
        var found = new List<string>();
        using var reader = JournalReader.Open(path)!;
        while (reader.TryRead(out var record))
        {
            found.Add(Text(record.Span));
        }

        return found;
    }

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
