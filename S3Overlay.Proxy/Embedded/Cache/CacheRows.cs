using System.Text;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>
/// The rows of held copies, by key and by the time of last use. Not synced: a row whose file is not there is dropped when it is met. An
/// index that is found damaged, at the start or later, is dropped, and an empty one made in its place: meanwhile nothing is held.
/// </summary>
internal sealed class CacheRows : IAsyncDisposable
{
    private readonly CacheFolder _folder;
    private readonly StoreDisk _disk;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();

    /// <summary>Null while it is made anew.</summary>
    private volatile OrderedIndex? _index;
    private Task _renewing = Task.CompletedTask;

    private CacheRows(CacheFolder folder, StoreDisk disk, ILogger logger) => (_folder, _disk, _logger) = (folder, disk, logger);

    /// <summary>Called when all rows are lost, before there are new ones. May not write rows.</summary>
    public Action Lost { get; set; } = static () => { };

    /// <summary>Opens them; an index that cannot be used, or is of an older format, is thrown away.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="logger">Where failures are told.</param>
    /// <param name="disk">The disk.</param>
    /// <exception cref="IndexInUseException">Another process has it.</exception>
    public static CacheRows Open(CacheFolder folder, ILogger logger, StoreDisk disk)
    {
        var rows = new CacheRows(folder, disk, logger);
        try
        {
            rows._index = rows.OpenIndex();
        }
        catch (Exception failure) when (failure is IndexDamagedException or InvalidDataException)
        {
            Log.HeldIndexUnusable(logger, failure.Message);
            Directory.Delete(folder.Index, recursive: true);
            rows._index = rows.OpenIndex();
        }

        if (Directory.Exists(folder.OldIndex))
        {
            Directory.Delete(folder.OldIndex, recursive: true);
        }

        return rows;
    }

    /// <summary>Whether a key has a row, though it may be none of this format.</summary>
    public bool Has(string bucket, string key) => Read(index => index.TryGet(IndexedEntry.KeyOf(bucket, key), out _));

    /// <summary>A key's row; null where there is none that can be read.</summary>
    public IndexedEntry? Find(string bucket, string key) =>
        Read(index => index.TryGet(IndexedEntry.KeyOf(bucket, key), out var value) ? IndexedEntry.Parse(value) : null);

    /// <summary>Writes a key's row in place of another.</summary>
    public ValueTask PutAsync(string bucket, string key, IndexedEntry? before, IndexedEntry entry)
    {
        var name = IndexedEntry.KeyOf(bucket, key);
        var batch = new IndexBatch();
        if (before is { } replaced)
        {
            batch.Delete(replaced.UseKey);
        }

        batch.Put(entry.UseKey, name);
        batch.Put(name, entry.ToBytes());
        return CommitAsync(batch);
    }

    /// <summary>Takes a key's row away.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="entry">What it says; null where it cannot be read.</param>
    public ValueTask RemoveAsync(string bucket, string key, IndexedEntry? entry)
    {
        var batch = new IndexBatch();
        batch.Delete(IndexedEntry.KeyOf(bucket, key));
        if (entry is { } removed)
        {
            batch.Delete(removed.UseKey);
        }

        return CommitAsync(batch);
    }

    /// <summary>See <see cref="ICacheStore.ListAsync"/>.</summary>
    public IEnumerable<CacheRow> List(string bucket, string prefix, string after) => Walk(index => List(index, bucket, prefix, after));

    private static IEnumerable<CacheRow> List(OrderedIndex index, string bucket, string prefix, string after)
    {
        using var snapshot = index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        var start = IndexedEntry.KeyOf(bucket, prefix);
        var past = after.Length == 0 ? [] : IndexedEntry.KeyOf(bucket, after);
        var found = cursor.Seek(past.AsSpan().SequenceCompareTo(start) > 0 ? past : start);
        for (; found && cursor.Key.StartsWith(start); found = cursor.Next())
        {
            if (!cursor.Key.SequenceEqual(past) && IndexedEntry.Parse(cursor.Value) is { } entry)
            {
                yield return entry.ToRow(IndexedEntry.NameOf(cursor.Key).Key);
            }
        }
    }

    /// <summary>The buckets that have rows. One look-up a bucket: the cursor jumps behind the last key of each.</summary>
    public IEnumerable<string> ListBuckets() => Walk(ListBuckets);

    private static IEnumerable<string> ListBuckets(OrderedIndex index)
    {
        using var snapshot = index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        for (var found = cursor.Seek(IndexedEntry.First); found;)
        {
            var name = cursor.Key[..cursor.Key.IndexOf((byte)0)].ToArray();
            found = cursor.Seek([.. name, 1]);
            yield return Encoding.UTF8.GetString(name);
        }
    }

    /// <summary>All rows that can be read, as they are when the first is.</summary>
    public IEnumerable<(string Bucket, string Key, IndexedEntry Entry)> All() => Walk(All);

    private static IEnumerable<(string Bucket, string Key, IndexedEntry Entry)> All(OrderedIndex index)
    {
        using var snapshot = index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        for (var found = cursor.Seek(IndexedEntry.First); found; found = cursor.Next())
        {
            if (IndexedEntry.Parse(cursor.Value) is { } entry)
            {
                var (bucket, key) = IndexedEntry.NameOf(cursor.Key);
                yield return (bucket, key, entry);
            }
        }
    }

    /// <summary>How much each row says is held, as it is at this call.</summary>
    public IEnumerable<long> HeldNow()
    {
        // Taken now, and not when somebody begins to read.
        return Read(static index => index.Snapshot()) is { } snapshot ? Walk(_ => Held(snapshot)) : [];
    }

    /// <summary>The use that comes next in time after another; null at the end.</summary>
    public (byte[] UseKey, string Bucket, string Key)? NextUse(byte[] after) => Read(index => NextUse(index, after));

    private static (byte[] UseKey, string Bucket, string Key)? NextUse(OrderedIndex index, byte[] after)
    {
        using var snapshot = index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        for (var found = cursor.Seek(after); found && cursor.Key[0] == IndexedEntry.FirstUse[0]; found = cursor.Next())
        {
            if (!cursor.Key.SequenceEqual(after))
            {
                var (bucket, key) = IndexedEntry.NameOf(cursor.Value);
                return (cursor.Key.ToArray(), bucket, key);
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _renewing;
        await (_index?.DisposeAsync() ?? default);
    }

    private OrderedIndex OpenIndex() => OrderedIndex.Open(new IndexOptions
    {
        Folder = _folder.Index,
        FlushBytes = 4 << 20,
        Disk = _disk,
        Logger = _logger,
        Damaged = failure =>
        {
            if (_index is { } index)
            {
                Renew(index, failure);
            }
        },
    });

    /// <summary>Reads something; nothing where the index is damaged.</summary>
    private T? Read<T>(Func<OrderedIndex, T?> read)
    {
        if (_index is not { } index)
        {
            return default;
        }

        try
        {
            return read(index);
        }
        catch (Exception failure) when (IsLost(index, failure))
        {
            Renew(index, failure);
            return default;
        }
    }

    /// <summary>Walks rows; to the end, or to where the index is damaged.</summary>
    private IEnumerable<T> Walk<T>(Func<OrderedIndex, IEnumerable<T>> rows)
    {
        if (_index is not { } index)
        {
            yield break;
        }

        using var walk = rows(index).GetEnumerator();
        while (MovesOn(index, walk))
        {
            yield return walk.Current;
        }
    }

    private bool MovesOn<T>(OrderedIndex index, IEnumerator<T> walk)
    {
        try
        {
            return walk.MoveNext();
        }
        catch (Exception failure) when (IsLost(index, failure))
        {
            Renew(index, failure);
            return false;
        }
    }

    private bool IsLost(OrderedIndex index, Exception failure) => failure is IndexDamagedException
        || (failure is ObjectDisposedException && _index != index);

    private async ValueTask CommitAsync(IndexBatch batch)
    {
        try
        {
            if (_index is { } index)
            {
                await index.CommitAsync(batch);
                return;
            }
        }
        catch (ObjectDisposedException)
        {
            // It was dropped meanwhile.
        }

        await _renewing;
        await (_index ?? throw new IOException("The index of held copies could not be made anew.")).CommitAsync(batch);
    }

    /// <summary>Drops an index that is damaged, unless that is under way, and makes an empty one in the background.</summary>
    private void Renew(OrderedIndex index, Exception failure)
    {
        lock (_lock)
        {
            if (_index == index)
            {
                _index = null;
                Log.HeldIndexUnusable(_logger, failure.Message);
                _renewing = Task.Run(() => RenewAsync(index));
            }
        }
    }

    private async Task RenewAsync(OrderedIndex damaged)
    {
        try
        {
            await damaged.DisposeAsync();
            Directory.Delete(_folder.Index, recursive: true);
            Lost();
            _index = OpenIndex();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.HeldCleaningFailed(_logger, failure);
        }
    }

    private static IEnumerable<long> Held(IndexSnapshot snapshot)
    {
        using (snapshot)
        {
            using var cursor = snapshot.OpenCursor();
            for (var found = cursor.Seek(IndexedEntry.First); found; found = cursor.Next())
            {
                yield return IndexedEntry.Parse(cursor.Value)?.Held ?? 0;
            }
        }
    }
}
