using System.Buffers.Binary;

using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Journals;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>
/// Rows of cache entries, in a database that is not synced: a row without a file is removed when it is found. A damaged database is deleted
/// and made again from the entries' files; until then only what it has again counts as cached.
/// </summary>
internal sealed class CacheRows : IAsyncDisposable
{
    private readonly CacheFolder _folder;
    private readonly StoreDisk _disk;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Committer<Action<Connection>> _committer;

    /// <summary>Null while it is being replaced.</summary>
    private volatile SqliteDatabase? _database;
    private Task _renewing = Task.CompletedTask;

    private CacheRows(CacheFolder folder, StoreDisk disk, ILogger logger) =>
        (_folder, _disk, _logger, _committer) = (folder, disk, logger, new(Commit));

    /// <summary>Called when all rows are lost, before there are new ones. Must not write rows.</summary>
    public Action Lost { get; set; } = static () => { };

    /// <summary>True if rows were lost, so that files without a row may be entries.</summary>
    public bool WereLost { get; private set; }

    /// <summary>Opens the rows. An unusable database is deleted.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="logger">Gets failures.</param>
    /// <param name="disk">The disk.</param>
    public static CacheRows Open(CacheFolder folder, ILogger logger, StoreDisk disk)
    {
        var rows = new CacheRows(folder, disk, logger);
        rows.WereLost = new FileInfo(folder.Database) is not { Exists: true, Length: > 0 };
        try
        {
            rows._database = rows.OpenDatabase();
        }
        catch (Exception failure) when (failure is DatabaseDamagedException or InvalidDataException or StoreUnavailableException)
        {
            Log.CacheIndexUnusable(logger, failure.Message);
            SqliteDatabase.Delete(folder.Database, disk);
            (rows.WereLost, rows._database) = (true, rows.OpenDatabase());
        }

        folder.DeleteOldIndexes();
        return rows;
    }

    /// <summary>The cached bytes that rows record.</summary>
    public long CachedBytes => Read(0, static (connection, _) => connection.Read("SELECT bytes FROM state"));

    /// <summary>True if a key has a row.</summary>
    public async ValueTask<bool> HasAsync(string bucket, string key) => await FindAsync(bucket, key) is not null;

    /// <summary>A key's row; null if there is none.</summary>
    public Entry? Find(string bucket, string key) =>
        Read((bucket, key), static (connection, name) => FindIn(connection, name.bucket, name.key));

    /// <summary>The same, without waiting for the disk on the caller's thread.</summary>
    public ValueTask<Entry?> FindAsync(string bucket, string key) =>
        ReadAsync((bucket, key), static (connection, name) => FindIn(connection, name.bucket, name.key));

    /// <summary>Replaces a key's row.</summary>
    public ValueTask PutAsync(string bucket, string key, Entry entry) => CommitAsync(writer =>
    {
        Count(writer, entry.CachedBytes - (FindIn(writer, bucket, key)?.CachedBytes ?? 0));
        writer.Prepare("INSERT OR REPLACE INTO entries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)").BindKey(1, bucket).BindKey(2, key)
            .Bind(3, BytesOf(entry.File)).Bind(4, entry.Size).Bind(5, entry.LastModified.UtcTicks).BindText(6, entry.ETag)
            .Bind(7, entry.Used.UtcTicks).Bind(8, entry.CachedBytes).Run();
    });

    /// <summary>Removes a key's row.</summary>
    public ValueTask RemoveAsync(string bucket, string key) => CommitAsync(writer =>
    {
        Count(writer, -(FindIn(writer, bucket, key)?.CachedBytes ?? 0));
        writer.Prepare("DELETE FROM entries WHERE bucket = ?1 AND key = ?2").BindKey(1, bucket).BindKey(2, key).Run();
    });

    /// <summary>See <see cref="ICacheStore.ListAsync"/>.</summary>
    public IAsyncEnumerable<CacheRow> ListAsync(string bucket, string prefix, string after) =>
        ListEntriesAsync(bucket, prefix, after).Select(static row => row.Entry.ToRow(row.Key));

    /// <summary>The same with all of a row.</summary>
    public async IAsyncEnumerable<(string Key, Entry Entry)> ListEntriesAsync(string bucket, string prefix, string after)
    {
        var isAfter = after.Length > 0 && Protocol.Listings.Utf8Order.Compare(after, prefix) >= 0;
        for (var from = isAfter ? after : prefix; ; isAfter = true)
        {
            var page = await ReadAsync((bucket, prefix, from, isAfter), static (connection, call) => connection
                .Prepare("SELECT key, file, size, modified, etag, used, cached FROM entries "
                    + "WHERE bucket = ?1 AND key >= ?2 AND key < ?3 ORDER BY key LIMIT ?4")
                .BindKey(1, call.bucket).BindKey(2, call.from, call.isAfter ? Sql.Zero : default).BindKey(3, call.prefix, Sql.AfterAll)
                .Bind(4, StoreQueries.PageSize).All(static row => (Key: row.Key(0), Entry: ReadEntry(row, 1)))) ?? [];
            foreach (var row in page)
            {
                yield return row;
            }

            if (page.Count < StoreQueries.PageSize)
            {
                yield break;
            }

            from = page[^1].Key;
        }
    }

    /// <summary>Buckets that have rows. One look-up per bucket.</summary>
    public async ValueTask<IReadOnlyList<string>> ListBucketsAsync() => await ReadAsync(0, static (connection, _) =>
    {
        var names = new List<string>();
        var next = connection.Prepare("SELECT bucket FROM entries WHERE bucket > ?1 ORDER BY bucket LIMIT 1");
        while (next.BindKey(1, names.LastOrDefault() ?? "").One(static row => row.Key(0)) is { } name)
        {
            names.Add(name);
        }

        return names;
    }) ?? [];

    /// <summary>All rows, by the page.</summary>
    public IEnumerable<(string Bucket, string Key, Entry Entry)> All()
    {
        for (var last = (Bucket: "", Key: ""); ;)
        {
            var page = Read(last, static (connection, last) => connection
                .Prepare("SELECT bucket, key, file, size, modified, etag, used, cached FROM entries "
                    + "WHERE (bucket, key) > (?1, ?2) ORDER BY bucket, key LIMIT ?3")
                .BindKey(1, last.Bucket).BindKey(2, last.Key).Bind(3, StoreQueries.PageSize)
                .All(static row => (Bucket: row.Key(0), Key: row.Key(1), Entry: ReadEntry(row, 2)))) ?? [];
            foreach (var row in page)
            {
                yield return row;
            }

            if (page.Count < StoreQueries.PageSize)
            {
                yield break;
            }

            last = (page[^1].Bucket, page[^1].Key);
        }
    }

    /// <summary>The use that follows another in time; null at the end.</summary>
    public (Use Use, string Bucket, string Key)? NextUse(Use after) => Read(after, static (connection, after) => connection
        .Prepare("SELECT used, file, bucket, key FROM entries WHERE (used, file) > (?1, ?2) ORDER BY used, file LIMIT 1")
        .Bind(1, after.Ticks).Bind(2, BytesOf(after.File))
        .One(static row => ((Use, string, string)?)(new Use(row.Number(0), FileOf(row.Blob(1))), row.Key(2), row.Key(3))));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _committer.DisposeAsync();
        await _renewing;
        await (_database?.DisposeAsync() ?? default);
    }

    private static Entry? FindIn(Connection connection, string bucket, string key) => connection
        .Prepare("SELECT file, size, modified, etag, used, cached FROM entries WHERE bucket = ?1 AND key = ?2")
        .BindKey(1, bucket).BindKey(2, key).One(static row => (Entry?)ReadEntry(row, 0));

    private static Entry ReadEntry(Statement row, int first) => new(FileOf(row.Blob(first)), row.Number(first + 1),
        new DateTimeOffset(row.Number(first + 2), TimeSpan.Zero), row.Text(first + 3)!,
        new DateTimeOffset(row.Number(first + 4), TimeSpan.Zero), row.Number(first + 5));

    private static void Count(Connection writer, long change)
    {
        if (change != 0)
        {
            writer.Prepare("UPDATE state SET bytes = bytes + ?1").Bind(1, change).Run();
        }
    }

    private static byte[] BytesOf(UInt128 file)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, file);
        return bytes;
    }

    private static UInt128 FileOf(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt128BigEndian(bytes);

    private SqliteDatabase OpenDatabase() => SqliteDatabase.Open(new DatabaseOptions
    {
        Path = _folder.Database,
        Disk = _disk,
        Schema = [Sql.ReadScript("cache-1.sql")],
        IsSynced = false,
        CachePages = 1000,
    });

    /// <summary>Reads from the database; default if it is damaged.</summary>
    private T? Read<TState, T>(TState state, Func<Connection, TState, T> read)
    {
        TryRead(state, read, mayWait: true, out var result);
        return result;
    }

    /// <summary>The same: at once if what it needs is in memory, otherwise on the thread pool.</summary>
    private ValueTask<T?> ReadAsync<TState, T>(TState state, Func<Connection, TState, T> read) =>
        TryRead(state, read, mayWait: false, out var result) ? new(result) : new(Task.Run(() => Read(state, read)));

    /// <returns>False if the disk has to be read, and the caller may not wait.</returns>
    private bool TryRead<TState, T>(TState state, Func<Connection, TState, T> read, bool mayWait, out T? result)
    {
        result = default;
        if (_database is not { } database)
        {
            return true;
        }

        try
        {
            if (!mayWait)
            {
                return database.TryReadCached(state, read, out result);
            }

            result = database.Read(state, read);
        }
        catch (Exception failure) when (IsLost(database, failure))
        {
            Renew(database, failure);
        }

        return true;
    }

    private bool IsLost(SqliteDatabase database, Exception failure) => failure is DatabaseDamagedException or IOException
        or ArgumentOutOfRangeException || (failure is ObjectDisposedException && _database != database);

    private async ValueTask CommitAsync(Action<Connection> change)
    {
        await _renewing;
        await _committer.CommitAsync(change);
    }

    private void Commit(IReadOnlyList<Action<Connection>> group)
    {
        var database = _database ?? throw new IOException("The database of the cache could not be made again.");
        try
        {
            database.Write(writer =>
            {
                foreach (var change in group)
                {
                    change(writer);
                }
            });
        }
        catch (DatabaseDamagedException failure)
        {
            Renew(database, failure);
            throw new IOException(failure.Message, failure);
        }
        catch (ObjectDisposedException failure) when (_database != database)
        {
            // A reader has found it damaged, and it was closed.
            throw new IOException(failure.Message, failure);
        }

        try
        {
            database.CheckpointIfLong();
        }
        catch (DatabaseDamagedException failure)
        {
            Renew(database, failure);
        }
        catch (Exception failure) when (failure is IOException || (failure is ObjectDisposedException && _database != database))
        {
            // It is copied later.
            Log.CacheCleaningFailed(_logger, failure);
        }
    }

    /// <summary>Replaces a damaged database in the background, unless that is already running.</summary>
    private void Renew(SqliteDatabase database, Exception failure)
    {
        lock (_lock)
        {
            if (_database == database)
            {
                (_database, WereLost) = (null, true);
                Log.CacheIndexUnusable(_logger, failure.Message);
                _renewing = Task.Run(() => RenewAsync(database));
            }
        }
    }

    private async Task RenewAsync(SqliteDatabase damaged)
    {
        try
        {
            await damaged.DisposeAsync();
            SqliteDatabase.Delete(_folder.Database, _disk);
            Lost();
            _database = OpenDatabase();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or DatabaseDamagedException)
        {
            Log.CacheCleaningFailed(_logger, failure);
        }
    }

    /// <summary>A place in the order of last use.</summary>
    /// <param name="Ticks">The time.</param>
    /// <param name="File">Orders uses at the same time.</param>
    public readonly record struct Use(long Ticks, UInt128 File);

    /// <summary>A row of the cache's database: which file has a key's entry, and what a listing compares.</summary>
    /// <param name="File">The file.</param>
    /// <param name="Size">The object's size in bytes.</param>
    /// <param name="LastModified">The version's date.</param>
    /// <param name="ETag">The version.</param>
    /// <param name="Used">The last use when the row was written.</param>
    /// <param name="CachedBytes">The cached bytes when the row was written.</param>
    public readonly record struct Entry(UInt128 File, long Size, DateTimeOffset LastModified, string ETag, DateTimeOffset Used,
        long CachedBytes)
    {
        /// <summary>The entry's place in the order of last use.</summary>
        public Use LastUse => new(Used.UtcTicks, File);

        public CacheRow ToRow(string key) => new(key, Size, ETag, LastModified);
    }
}
