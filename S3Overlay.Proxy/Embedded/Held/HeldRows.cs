using System.Text;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Held;

/// <summary>
/// The rows of held copies, by key and by the time of last use. Not synced: a row whose file is not there is dropped when it is met, and a damaged index is an empty cache.
/// </summary>
internal sealed class HeldRows : IAsyncDisposable
{
    private readonly OrderedIndex _index;

    private HeldRows(OrderedIndex index) => _index = index;

    /// <summary>Opens them; an index that cannot be used, or is of an older format, is thrown away.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="logger">Where failures are told.</param>
    /// <param name="disk">The disk.</param>
    /// <exception cref="IndexInUseException">Another process has it.</exception>
    public static HeldRows Open(HeldFolder folder, ILogger logger, StoreDisk disk)
    {
        var options = new IndexOptions { Folder = folder.Index, FlushBytes = 4 << 20, Logger = logger, Disk = disk };
        OrderedIndex index;
        try
        {
            index = OrderedIndex.Open(options);
        }
        catch (Exception failure) when (failure is IndexDamagedException or InvalidDataException)
        {
            Log.HeldIndexUnusable(logger, failure.Message);
            Directory.Delete(folder.Index, recursive: true);
            index = OrderedIndex.Open(options);
        }

        if (Directory.Exists(folder.OldIndex))
        {
            Directory.Delete(folder.OldIndex, recursive: true);
        }

        return new HeldRows(index);
    }

    /// <summary>Whether a key has a row, though it may be none of this format.</summary>
    public bool Has(string bucket, string key) => _index.TryGet(HeldEntry.KeyOf(bucket, key), out _);

    /// <summary>A key's row; null where there is none that can be read.</summary>
    public HeldEntry? Find(string bucket, string key) => _index.TryGet(HeldEntry.KeyOf(bucket, key), out var value) ? HeldEntry.Parse(value) : null;

    /// <summary>Writes a key's row in place of another.</summary>
    public ValueTask PutAsync(string bucket, string key, HeldEntry? before, HeldEntry entry)
    {
        var name = HeldEntry.KeyOf(bucket, key);
        var batch = new IndexBatch();
        if (before is { } replaced)
        {
            batch.Delete(replaced.UseKey);
        }

        batch.Put(entry.UseKey, name);
        batch.Put(name, entry.ToBytes());
        return _index.CommitAsync(batch);
    }

    /// <summary>Takes a key's row away.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="entry">What it says; null where it cannot be read.</param>
    public ValueTask RemoveAsync(string bucket, string key, HeldEntry? entry)
    {
        var batch = new IndexBatch();
        batch.Delete(HeldEntry.KeyOf(bucket, key));
        if (entry is { } removed)
        {
            batch.Delete(removed.UseKey);
        }

        return _index.CommitAsync(batch);
    }

    /// <summary>See <see cref="IHeldStore.ListAsync"/>.</summary>
    public IEnumerable<HeldRow> List(string bucket, string prefix, string after)
    {
        using var snapshot = _index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        var start = HeldEntry.KeyOf(bucket, prefix);
        var past = after.Length == 0 ? [] : HeldEntry.KeyOf(bucket, after);
        var found = cursor.Seek(past.AsSpan().SequenceCompareTo(start) > 0 ? past : start);
        for (; found && cursor.Key.StartsWith(start); found = cursor.Next())
        {
            if (!cursor.Key.SequenceEqual(past) && HeldEntry.Parse(cursor.Value) is { } entry)
            {
                yield return entry.ToRow(HeldEntry.NameOf(cursor.Key).Key);
            }
        }
    }

    /// <summary>The buckets that have rows. One look-up a bucket: the cursor jumps behind the last key of each.</summary>
    public IEnumerable<string> ListBuckets()
    {
        using var snapshot = _index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        for (var found = cursor.Seek(HeldEntry.First); found;)
        {
            var name = cursor.Key[..cursor.Key.IndexOf((byte)0)].ToArray();
            found = cursor.Seek([.. name, 1]);
            yield return Encoding.UTF8.GetString(name);
        }
    }

    /// <summary>All rows that can be read, as they are when the first is.</summary>
    public IEnumerable<(string Bucket, string Key, HeldEntry Entry)> All()
    {
        using var snapshot = _index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        for (var found = cursor.Seek(HeldEntry.First); found; found = cursor.Next())
        {
            if (HeldEntry.Parse(cursor.Value) is { } entry)
            {
                var (bucket, key) = HeldEntry.NameOf(cursor.Key);
                yield return (bucket, key, entry);
            }
        }
    }

    /// <summary>How much each row says is held, as it is at this call.</summary>
    public IEnumerable<long> HeldNow()
    {
        // Taken now, and not when somebody begins to read.
        return Held(_index.Snapshot());
    }

    /// <summary>The use that comes next in time after another; null at the end.</summary>
    public (byte[] UseKey, string Bucket, string Key)? NextUse(byte[] after)
    {
        using var snapshot = _index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        for (var found = cursor.Seek(after); found && cursor.Key[0] == HeldEntry.FirstUse[0]; found = cursor.Next())
        {
            if (!cursor.Key.SequenceEqual(after))
            {
                var (bucket, key) = HeldEntry.NameOf(cursor.Value);
                return (cursor.Key.ToArray(), bucket, key);
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _index.DisposeAsync();

    private static IEnumerable<long> Held(IndexSnapshot snapshot)
    {
        using (snapshot)
        {
            using var cursor = snapshot.OpenCursor();
            for (var found = cursor.Seek(HeldEntry.First); found; found = cursor.Next())
            {
                yield return HeldEntry.Parse(cursor.Value)?.Held ?? 0;
            }
        }
    }
}
