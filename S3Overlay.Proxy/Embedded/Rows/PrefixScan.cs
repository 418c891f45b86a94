using S3Overlay.Proxy.Embedded.Index;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>The index rows that start with something, as they stand at one moment.</summary>
internal readonly struct PrefixScan(OrderedIndex index, byte[] prefix)
{
    /// <summary>Makes something of a row.</summary>
    public delegate T Read<out T>(ReadOnlySpan<byte> bytes);

    /// <summary>Chooses a row.</summary>
    public delegate bool Choose(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>Whether there is any.</summary>
    public bool Any()
    {
        using var snapshot = index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        return cursor.Seek(prefix) && cursor.Key.StartsWith(prefix);
    }

    /// <summary>What is made of their values, in order.</summary>
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

    /// <summary>The keys of those that <paramref name="wanted"/> takes, in order, at most so many.</summary>
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
