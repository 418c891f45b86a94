using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.ExceptionServices;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Database;

/// <summary>How a database is used.</summary>
internal sealed record DatabaseOptions
{
    /// <summary>The database's file.</summary>
    public required string Path { get; init; }

    public required StoreDisk Disk { get; init; }

    /// <summary>One script per version of the schema, oldest first.</summary>
    public required IReadOnlyList<string> Schema { get; init; }

    /// <summary>True if its content is also on disk elsewhere, so that a write that the disk refuses may wait in memory.</summary>
    public bool IsCopy { get; init; }

    /// <summary>False to sync nothing, not even before a checkpoint.</summary>
    public bool IsSynced { get; init; } = true;

    /// <summary>Pages in the cache of the connection that writes.</summary>
    public int CachePages { get; init; } = 2000;
}

/// <summary>
/// A SQLite database in WAL mode: one connection writes, others read a snapshot each without waiting for it. The owner decides who writes:
/// <see cref="Write"/> must not be called twice at a time.
/// </summary>
internal sealed class SqliteDatabase : IAsyncDisposable
{
    /// <summary>Bytes in the WAL after which they are copied to the database.</summary>
    private const long BytesBeforeCheckpoint = 4 << 20;

    private static readonly TimeSpan PatienceWithReaders = TimeSpan.FromSeconds(2);

    private readonly DatabaseOptions _options;
    private readonly DatabaseFiles _files;
    private readonly Connection _writer;

    /// <summary>Held while the writing connection is used: the database may be closed while a caller is still at it.</summary>
    private readonly Lock _writing = new();
    private readonly ConcurrentBag<Connection> _idle = [];
    private readonly string _settings;
    private Task<bool> _copying = Task.FromResult(false);

    /// <summary>Bytes of the WAL that were copied, but that a reader kept from being overwritten.</summary>
    private long _seen;
    private volatile bool _isDisposed;

    private SqliteDatabase(DatabaseOptions options, DatabaseFiles files)
    {
        (_options, _files) = (options, files);
        _settings = "PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=0; PRAGMA foreign_keys=OFF; PRAGMA cell_size_check=ON; "
            + (options.IsSynced ? "PRAGMA synchronous=NORMAL; " : "PRAGMA synchronous=OFF; ");
        var isNew = !File.Exists(options.Path) || new FileInfo(options.Path).Length == 0;
        if (options.IsSynced)
        {
            files.Mark.Make();
        }

        _writer = Connection.Open(options.Path, isWriter: true, isNew,
            _settings + $"PRAGMA cache_size={options.CachePages}; PRAGMA journal_mode=WAL;");
    }

    /// <summary>Bytes that wait in memory since the disk refused them.</summary>
    public long WaitingBytes => _files.WaitingBytes;

    /// <summary>Opens a database, creates it if missing, and brings it to the newest version of its schema.</summary>
    /// <exception cref="DatabaseDamagedException">It cannot be trusted.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    /// <exception cref="StoreUnavailableException">A newer version of the program made it.</exception>
    public static SqliteDatabase Open(DatabaseOptions options)
    {
        var files = new DatabaseFiles(options.Path, options.Disk, options.IsCopy);
        DiskVfs.Add(files);
        SqliteDatabase? database = null;
        try
        {
            var frames = files.Mark.FramesOf(files.WalPath);
            database = new SqliteDatabase(options, files);
            database.CheckWal(frames);
            database.Migrate();
            return database;
        }
        catch
        {
            if (database is null)
            {
                files.Dispose();
                DiskVfs.Remove(files);
            }
            else
            {
                database.Close();
            }

            throw;
        }
    }

    /// <summary>Deletes a database's files.</summary>
    public static void Delete(string path, StoreDisk disk)
    {
        foreach (var file in FilesOf(path))
        {
            disk.Remove(file);
        }
    }

    /// <summary>The files that a database may have.</summary>
    public static string[] FilesOf(string path) => [path, path + DatabaseFiles.WalSuffix, path + CheckpointMark.Suffix];

    /// <summary>Reads one snapshot.</summary>
    /// <exception cref="DatabaseDamagedException">It cannot be trusted.</exception>
    public T Read<TState, T>(TState state, Func<Connection, TState, T> read)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var connection = _idle.TryTake(out var idle) ? idle : Connection.Open(_options.Path, isWriter: false, isNew: false, _settings);
        return Read(connection, state, read, mayWait: true);
    }

    /// <summary>The same, but without waiting for the disk.</summary>
    /// <returns>False if that is not possible.</returns>
    public bool TryReadCached<TState, T>(TState state, Func<Connection, TState, T> read, out T result)
    {
        result = default!;
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_options.Disk.CanReadCached || !_idle.TryTake(out var connection))
        {
            return false;
        }

        try
        {
            result = Read(connection, state, read, mayWait: false);
            return true;
        }
        catch (NotInMemoryException)
        {
            return false;
        }
    }

    private T Read<TState, T>(Connection connection, TState state, Func<Connection, TState, T> read, bool mayWait)
    {
        try
        {
            DiskVfs.Begin(mayWait);
            var result = read(connection, state);
            _idle.Add(connection);
            return result;
        }
        catch (NotInMemoryException)
        {
            _idle.Add(connection);
            throw;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
        finally
        {
            DiskVfs.Begin(mayWait: true);
            if (_isDisposed)
            {
                CloseIdle();
            }
        }
    }

    /// <summary>Runs changes in one transaction, which readers see as a whole. One call at a time.</summary>
    /// <exception cref="ObjectDisposedException">The database was closed.</exception>
    public void Write(Action<Connection> change) => UseWriter(writer =>
    {
        writer.Prepare("BEGIN IMMEDIATE").Run();
        try
        {
            change(writer);
            writer.Prepare("COMMIT").Run();
        }
        catch
        {
            try
            {
                writer.Prepare("ROLLBACK").Run();
            }
            catch (Exception failure) when (failure is IOException or DatabaseDamagedException)
            {
                // SQLite has rolled back by itself.
            }

            throw;
        }

        return 0;
    });

    /// <summary>
    /// Call after <see cref="Write"/>, by the same caller. Copies a long WAL to the database: most of it in the background, and the rest
    /// here, so that SQLite can begin the WAL anew.
    /// </summary>
    /// <exception cref="DatabaseDamagedException">It cannot be trusted.</exception>
    /// <exception cref="IOException">The disk failed; what was to be copied is still in the WAL.</exception>
    public void CheckpointIfLong()
    {
        if (!_copying.IsCompleted)
        {
            return;
        }

        var length = _files.WalLength;
        _seen = Math.Min(_seen, length);
        if (_copying.Exception?.InnerException is { } failure)
        {
            (_copying, _seen) = (Task.FromResult(false), length);
            ExceptionDispatchInfo.Throw(failure);
        }
        else if (_copying.Result)
        {
            (_copying, _seen) = (Task.FromResult(false), length);
            UseWriter(static writer => writer.Checkpoint());
        }
        else if (length - _seen > BytesBeforeCheckpoint)
        {
            _copying = Task.Run(() => Read(0, static (connection, _) =>
            {
                connection.Checkpoint();
                return true;
            }));
        }
    }

    /// <summary>
    /// Copies the whole WAL to the database, unless a reader keeps part of it for long. Not while <see cref="Write"/> runs.
    /// </summary>
    /// <returns>True if everything is in the database, synced.</returns>
    public bool TryCheckpoint()
    {
        var (frames, copied) = UseWriter(static writer => writer.Checkpoint(PatienceWithReaders));
        return frames >= 0 && frames == copied;
    }

    /// <summary>Frees the disk space of the WAL. Not while <see cref="Write"/> runs.</summary>
    /// <returns>True if it had any.</returns>
    public bool TryShrink()
    {
        var length = _files.WalSpace;
        UseWriter(static writer => writer.Checkpoint(PatienceWithReaders, mustTruncate: true));
        return _files.WalSpace < length;
    }

    /// <summary>Closes all connections. SQLite copies the WAL to the database and deletes it, if the disk allows it.</summary>
    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;

        // What could not be copied is copied at the next start.
        await ((Task)_copying).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Close();
    }

    private T UseWriter<T>(Func<Connection, T> use)
    {
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return use(_writer);
        }
    }

    private void Close()
    {
        CloseIdle();
        lock (_writing)
        {
            _isDisposed = true;
            _writer.Dispose();
        }

        _files.Dispose();
        DiskVfs.Remove(_files);
    }

    /// <summary>Compares what SQLite has found of the WAL with what a checkpoint had synced before it began.</summary>
    private void CheckWal(long expected)
    {
        try
        {
            if (_writer.Checkpoint().Frames < expected)
            {
                throw new DatabaseDamagedException($"The write-ahead log {_files.WalPath} is damaged.");
            }
        }
        catch (IOException)
        {
            // The disk is full or fails. It is copied later.
        }
    }

    private void CloseIdle()
    {
        while (_idle.TryTake(out var connection))
        {
            connection.Dispose();
        }
    }

    private void Migrate()
    {
        var version = (int)_writer.Read("PRAGMA user_version");
        if (version > _options.Schema.Count)
        {
            throw new StoreUnavailableException(
                $"The database {_options.Path} has version {version} of the schema, "
                + $"and this program knows version {_options.Schema.Count}. "
                + "Use the program that created it, or a newer one.");
        }

        for (; version < _options.Schema.Count; version++)
        {
            Write(writer => writer.Execute(
                _options.Schema[version] + "PRAGMA user_version=" + (version + 1).ToString(CultureInfo.InvariantCulture) + ";"));
        }
    }
}
