using SQLitePCL;

namespace S3Overlay.Proxy.Embedded.Database;

/// <summary>One connection with its prepared statements. Used by one thread at a time.</summary>
internal sealed unsafe class Connection : IDisposable
{
    private readonly sqlite3 _database;

    /// <summary>By the constant that has the text: comparing references is quick.</summary>
    private readonly Dictionary<object, Statement> _statements = new(ReferenceEqualityComparer.Instance);

    private Connection(sqlite3 database) => _database = database;

    /// <summary>Opens a connection to a database that <see cref="DiskVfs"/> knows.</summary>
    /// <param name="path">The database.</param>
    /// <param name="isWriter">True for the connection that writes. The others leave the WAL alone when they close.</param>
    /// <param name="isNew">True to lay out a new database.</param>
    /// <param name="settings">PRAGMA statements for this connection.</param>
    public static Connection Open(string path, bool isWriter, bool isNew, string settings)
    {
        _ = DiskVfs.TakeFailure();
        const int Flags = raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX;
        var result = raw.sqlite3_open_v2(path, out var database, Flags, DiskVfs.Name);
        var connection = new Connection(database);
        try
        {
            SqliteFailure.Check(database, result);
            if (isNew)
            {
                var reserved = Pages.Reserved;
                _ = NativeSqlite.FileControl(database.DangerousGetHandle(), null, NativeSqlite.ReserveBytes, &reserved);
                connection.Execute($"PRAGMA page_size={Pages.Size}; PRAGMA journal_mode=MEMORY;");
            }

            if (!isWriter)
            {
                // The last connection to close deletes the WAL. A late reader of a replaced database must not.
                SqliteFailure.Check(database, raw.sqlite3_db_config(database, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _));
            }

            connection.Execute(settings);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>A statement, prepared at its first use.</summary>
    public Statement Prepare(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            statement = new Statement(_database, sql);
            _statements.Add(sql, statement);
        }

        return statement;
    }

    /// <summary>Runs statements that are used once and return nothing.</summary>
    public void Execute(string sql)
    {
        var result = raw.sqlite3_exec(_database, sql, null!, null!, out _);
        SqliteFailure.Check(_database, result);
    }

    /// <summary>A number that a statement returns; 0 if it returns none.</summary>
    public long Read(string sql)
    {
        using var statement = new Statement(_database, sql);
        return statement.Step() ? statement.Number(0) : 0;
    }

    /// <summary>Copies what it can of the WAL to the database.</summary>
    /// <param name="wait">How long to wait for readers of older snapshots.</param>
    /// <param name="mustTruncate">True to make the WAL empty then.</param>
    /// <returns>The frames in the WAL, and how many of them are in the database.</returns>
    public (int Frames, int Copied) Checkpoint(TimeSpan wait = default, bool mustTruncate = false)
    {
        _ = raw.sqlite3_busy_timeout(_database, (int)wait.TotalMilliseconds);
        var mode = mustTruncate ? raw.SQLITE_CHECKPOINT_TRUNCATE
            : wait > TimeSpan.Zero ? raw.SQLITE_CHECKPOINT_FULL
            : raw.SQLITE_CHECKPOINT_PASSIVE;
        var result = raw.sqlite3_wal_checkpoint_v2(_database, "main", mode, out var frames, out var copied);
        if ((result & 0xFF) != raw.SQLITE_BUSY)
        {
            SqliteFailure.Check(_database, result);
        }

        return (frames, copied);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        _ = raw.sqlite3_close_v2(_database);
        _database.Dispose();
    }
}
