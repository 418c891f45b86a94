using S3Overlay.Proxy.Embedded.Index;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>The index rows with a prefix, at one moment.</summary>
internal readonly struct PrefixScan(OrderedIndex index, byte[] prefix)
{
    public delegate T Read<out T>(ReadOnlySpan<byte> bytes);

    public delegate bool Choose(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    public bool Any()
    {
        using var snapshot = index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        return cursor.Seek(prefix) && cursor.Key.StartsWith(prefix);
    }

    public List<T> Values<T>(Read<T> read)
    {
        var values = new List<T>();
        using var snapshot = index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        for (var found = cursor.Seek(prefix); found && cursor.Key.StartsWith(prefix); found = cursor.Next())
        {
            values.Add(read(cursor.Value));
        }

        return values;
    }

    /// <summary>The first <paramref name="limit"/> keys that <paramref name="wanted"/> selects, in order.</summary>
    public List<byte[]> Keys(int limit, Choose wanted)
    {
        var keys = new List<byte[]>();
        using var snapshot = index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        for (var found = cursor.Seek(prefix); found && keys.Count < limit && cursor.Key.StartsWith(prefix); found = cursor.Next())
        {
            if (wanted(cursor.Key, cursor.Value))
            {
                keys.Add(cursor.Key.ToArray());
            }
        }

        return keys;
    }
}
