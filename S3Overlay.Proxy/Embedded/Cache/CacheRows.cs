using System.Buffers.Binary;
using System.Text;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>
/// Rows of cache entries, by key and by last use. Not synced: a row without a file is removed when it is found. A damaged index is deleted
/// and replaced by an empty one; until then nothing counts as cached.
/// </summary>
internal sealed class CacheRows(CacheFolder folder, StoreDisk disk, ILogger logger) : IAsyncDisposable
{
    private readonly Lock _lock = new();

    /// <summary>Null while it is being replaced.</summary>
    private volatile OrderedIndex? _index;
    private Task _renewing = Task.CompletedTask;

    /// <summary>Called when all rows are lost, before there are new ones. Must not write rows.</summary>
    public Action Lost { get; set; } = static () => { };

    /// <summary>Opens the rows. An unusable index, or one of an older format, is deleted.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="logger">Gets failures.</param>
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
            Log.CacheIndexUnusable(logger, failure.Message);
            Directory.Delete(folder.Index, recursive: true);
            rows._index = rows.OpenIndex();
        }

        if (Directory.Exists(folder.OldIndex))
        {
            Directory.Delete(folder.OldIndex, recursive: true);
        }

        return rows;
    }

    /// <summary>True if a key has a row, even one of another format.</summary>
    public bool Has(string bucket, string key) => Read(index => index.TryGet(Entry.KeyOf(bucket, key), out _));

    /// <summary>A key's row; null if there is none, or it is unreadable.</summary>
    public Entry? Find(string bucket, string key) =>
        Read(index => index.TryGet(Entry.KeyOf(bucket, key), out var value) ? Entry.Parse(value) : null);

    /// <summary>Replaces a key's row.</summary>
    public ValueTask PutAsync(string bucket, string key, Entry? before, Entry entry)
    {
        var name = Entry.KeyOf(bucket, key);
        var batch = new IndexBatch();
        if (before is { } replaced)
        {
            batch.Delete(replaced.UseKey);
        }

        return CommitAsync(batch.Put(entry.UseKey, name).Put(name, entry.ToBytes()));
    }

    /// <summary>Removes a key's row. <paramref name="entry"/> is its value; null if unreadable.</summary>
    public ValueTask RemoveAsync(string bucket, string key, Entry? entry)
    {
        var batch = new IndexBatch().Delete(Entry.KeyOf(bucket, key));
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
        var start = Entry.KeyOf(bucket, prefix);
        var past = after.Length == 0 ? [] : Entry.KeyOf(bucket, after);
        var found = cursor.Seek(past.AsSpan().SequenceCompareTo(start) > 0 ? past : start);
        for (; found && cursor.Key.StartsWith(start); found = cursor.Next())
        {
            if (!cursor.Key.SequenceEqual(past) && Entry.Parse(cursor.Value) is { } entry)
            {
                yield return entry.ToRow(Entry.NameOf(cursor.Key).Key);
            }
        }
    }

    /// <summary>Buckets that have rows. One look-up per bucket: the cursor jumps past its last key.</summary>
    public IEnumerable<string> ListBuckets() => Walk(ListBuckets);

    private static IEnumerable<string> ListBuckets(OrderedIndex index)
    {
        using var snapshot = index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        for (var found = cursor.Seek(Entry.First); found;)
        {
            var name = cursor.Key[..cursor.Key.IndexOf((byte)0)].ToArray();
            found = cursor.Seek([.. name, 1]);
            yield return Encoding.UTF8.GetString(name);
        }
    }

    /// <summary>All readable rows, as of the first read.</summary>
    public IEnumerable<(string Bucket, string Key, Entry Entry)> All() =>
        from row in Walk(static index => index.Scan([], Entry.First))
        let entry = Entry.Parse(row.Value)
        where entry is not null
        let name = Entry.NameOf(row.Key)
        select (name.Bucket, name.Key, entry.Value);

    /// <summary>The cached bytes that each row records, as of this call.</summary>
    public IEnumerable<long> CachedBytesNow()
    {
        // Now, not when the caller starts to enumerate.
        return Read(static index => index.Snapshot()) is { } snapshot ? Walk(_ => CachedBytes(snapshot)) : [];
    }

    /// <summary>The use that follows another in time; null at the end.</summary>
    public (byte[] UseKey, string Bucket, string Key)? NextUse(byte[] after) => Read(index => NextUse(index, after));

    private static (byte[] UseKey, string Bucket, string Key)? NextUse(OrderedIndex index, byte[] after)
    {
        using var snapshot = index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        for (var found = cursor.Seek(after); found && cursor.Key[0] == Entry.FirstUse[0]; found = cursor.Next())
        {
            if (!cursor.Key.SequenceEqual(after))
            {
                var (bucket, key) = Entry.NameOf(cursor.Value);
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
        Folder = folder.Index,
        FlushBytes = 4 << 20,
        Disk = disk,
        Logger = logger,
        Damaged = failure =>
        {
            if (_index is { } index)
            {
                Renew(index, failure);
            }
        },
    });

    /// <summary>Reads from the index; default if it is damaged.</summary>
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

    /// <summary>Walks rows to the end, or until damage is found.</summary>
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
            // Deleted in between.
        }

        await _renewing;
        await (_index ?? throw new IOException("The index of the cache could not be rebuilt.")).CommitAsync(batch);
    }

    /// <summary>Replaces a damaged index in the background, unless that is already running.</summary>
    private void Renew(OrderedIndex index, Exception failure)
    {
        lock (_lock)
        {
            if (_index == index)
            {
                _index = null;
                Log.CacheIndexUnusable(logger, failure.Message);
                _renewing = Task.Run(() => RenewAsync(index));
            }
        }
    }

    private async Task RenewAsync(OrderedIndex damaged)
    {
        try
        {
            await damaged.DisposeAsync();
            Directory.Delete(folder.Index, recursive: true);
            Lost();
            _index = OpenIndex();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.CacheCleaningFailed(logger, failure);
        }
    }

    private static IEnumerable<long> CachedBytes(IndexSnapshot snapshot)
    {
        using (snapshot)
        {
            using var cursor = snapshot.OpenCursor();
            for (var found = cursor.Seek(Entry.First); found; found = cursor.Next())
            {
                yield return Entry.Parse(cursor.Value)?.CachedBytes ?? 0;
            }
        }
    }

    /// <summary>A row of the cache's index: which file has a key's entry, and what a listing compares.</summary>
    /// <param name="File">The file.</param>
    /// <param name="Size">The object's size in bytes.</param>
    /// <param name="LastModified">The version's date.</param>
    /// <param name="ETag">The version.</param>
    /// <param name="Used">The last use when the row was written.</param>
    /// <param name="CachedBytes">The cached bytes when the row was written.</param>
    public readonly record struct Entry(UInt128 File, long Size, DateTimeOffset LastModified, string ETag, DateTimeOffset Used,
        long CachedBytes)
    {
        /// <summary>Where rows of entries begin. Earlier rows, by last use, belong to no bucket.</summary>
        public static readonly byte[] First = [0x20];

        /// <summary>Where rows by last use begin.</summary>
        public static readonly byte[] FirstUse = [1];

        private const int FixedSize = 48;
        private const int UseSize = 1 + 8 + 16;
        private const long MaxTicks = 3_155_378_975_999_999_999;

        /// <summary>The key of the entry's row in the order of last use. The value is the entry's own key.</summary>
        public byte[] UseKey
        {
            get
            {
                var key = new byte[UseSize];
                key[0] = FirstUse[0];
                BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(1), Used.UtcTicks);
                BinaryPrimitives.WriteUInt128BigEndian(key.AsSpan(9), File);
                return key;
            }
        }

        /// <summary>The row's key. Bucket names contain no zero byte, so a bucket's keys are together and in order.</summary>
        public static byte[] KeyOf(string bucket, string key)
        {
            var length = Encoding.UTF8.GetByteCount(bucket);
            var bytes = new byte[length + 1 + Encoding.UTF8.GetByteCount(key)];
            Encoding.UTF8.GetBytes(bucket, bytes);
            Encoding.UTF8.GetBytes(key, bytes.AsSpan(length + 1));
            return bytes;
        }

        /// <summary>The bucket and key in a row's key.</summary>
        public static (string Bucket, string Key) NameOf(ReadOnlySpan<byte> rowKey)
        {
            var end = rowKey.IndexOf((byte)0);
            return (Encoding.UTF8.GetString(rowKey[..end]), Encoding.UTF8.GetString(rowKey[(end + 1)..]));
        }

        /// <summary>Parses a row's value; null if it has another format.</summary>
        public static Entry? Parse(ReadOnlySpan<byte> value) =>
            value.Length < FixedSize
                || BinaryPrimitives.ReadInt64LittleEndian(value[24..]) is < 0 or > MaxTicks
                || BinaryPrimitives.ReadInt64LittleEndian(value[32..]) is < 0 or > MaxTicks
                || BinaryPrimitives.ReadInt64LittleEndian(value[40..]) < 0
                ? null
                : new Entry(
                    BinaryPrimitives.ReadUInt128LittleEndian(value),
                    BinaryPrimitives.ReadInt64LittleEndian(value[16..]),
                    new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(value[24..]), TimeSpan.Zero),
                    Encoding.UTF8.GetString(value[FixedSize..]),
                    new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(value[32..]), TimeSpan.Zero),
                    BinaryPrimitives.ReadInt64LittleEndian(value[40..]));

        public byte[] ToBytes()
        {
            var bytes = new byte[FixedSize + Encoding.UTF8.GetByteCount(ETag)];
            BinaryPrimitives.WriteUInt128LittleEndian(bytes, File);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Size);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), LastModified.UtcTicks);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), Used.UtcTicks);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(40), CachedBytes);
            Encoding.UTF8.GetBytes(ETag, bytes.AsSpan(FixedSize));
            return bytes;
        }

        public CacheRow ToRow(string key) => new(key, Size, ETag, LastModified);
    }
}
