using System.Collections.Concurrent;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Journals;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>
/// The store's rows: a log of all changes, which is synced first, and a database that follows it for look-ups. Readers see a change once
/// its commit returns. A damaged database is made again while the store answers 503.
/// </summary>
/// <remarks>
/// <code>
///   commit -> log (one write and sync for all waiting commits) -> database (one transaction for them) -> answer
/// </code>
/// </remarks>
internal sealed class StoreRows : IAsyncDisposable
{
    private readonly RowCache<ObjectRow?> _objects;
    private readonly RowCache<TombstoneRow?> _tombstones;
    private readonly NameLocks<int> _sealing = new();

    /// <summary>Files that were to be removed and are gone.</summary>
    private readonly ConcurrentQueue<FileId> _gone = new();
    private readonly ChangeLog _log;
    private readonly ILogger _logger;
    private readonly Committer<Work> _committer;
    private volatile SqliteDatabase? _database;
    private StoreState _state;
    private Task _rebuilding = Task.CompletedTask;
    private bool _hasFailed;
    private bool _isClosed;

    /// <summary>Rows over a log and a database that has everything in it.</summary>
    /// <param name="log">The log.</param>
    /// <param name="database">The database.</param>
    /// <param name="remembered">How many keys' rows stay in memory, at least.</param>
    /// <param name="logger">Gets failures.</param>
    public StoreRows(ChangeLog log, SqliteDatabase database, int remembered, ILogger logger)
    {
        var keys = Math.Max(remembered, RowCache<ObjectRow?>.UsualLimit);
        (_objects, _tombstones) = (new(keys, static row => row?.MetadataWeight ?? 0), new(keys, static _ => 0));
        (_log, _logger, _committer) = (log, logger, new(Commit));
        Use(database);
    }

    /// <summary>Makes the database again from the log and the files, after the damaged one is closed.</summary>
    public Func<Exception, Task<SqliteDatabase>> Rebuild { get; set; } = static damage => Task.FromException<SqliteDatabase>(damage);

    /// <summary>Called after a rebuild.</summary>
    public Action Rebuilt { get; set; } = static () => { };

    /// <summary>Called after each record in the log. Must not block.</summary>
    public Action Logged { get; set; } = static () => { };

    /// <summary>Completes when no rebuild runs; for tests and disposal.</summary>
    public Task Rebuilding => _rebuilding;

    /// <summary>True if a rebuild waits for writes that have begun; for tests.</summary>
    public bool AwaitsWrites => _sealing.Waiting > 0;

    /// <summary>How many tombstones there are.</summary>
    public long Tombstones => _state.Tombstones;

    /// <summary>The highest number of a write or delete.</summary>
    public ulong HighestSequence => _state.Sequence;

    /// <summary>Bytes that may wait in memory for a disk that refuses the database. Then changes are refused too.</summary>
    public required long MostWaitingBytes { get; init; }

    /// <summary>Bytes that wait in memory since the disk refused them.</summary>
    public long WaitingBytes => _database?.WaitingBytes ?? 0;

    /// <summary>The log. Only for its upkeep.</summary>
    public ChangeLog Log => _log;

    /// <summary>True if the log was damaged where the database is not: it is to be written again from the database.</summary>
    public bool IsAheadOfLog { get; init; }

    /// <summary>True if the next start may find a change that was refused. If false, it finds no earlier refused change either.</summary>
    public bool IsInDoubt => _log.IsInDoubt;

    /// <summary>An object's row, or null.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable while the database is rebuilt.</exception>
    public ValueTask<ObjectRow?> FindObjectAsync(string bucket, string key) =>
        _objects.FindAsync(bucket, key, this, static (rows, bucket, key) => rows.ReadObjectAsync(bucket, key));

    /// <summary>A key's tombstone; null if it has none.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable while the database is rebuilt.</exception>
    public ValueTask<TombstoneRow?> FindTombstoneAsync(string bucket, string key) =>
        _tombstones.FindAsync(bucket, key, this, static (rows, bucket, key) => rows.ReadTombstoneAsync(bucket, key));

    /// <summary>Reads one snapshot. May wait for the disk, so do not call it on a thread that serves sockets.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable while the database is rebuilt.</exception>
    public T Read<TState, T>(TState state, Func<Connection, TState, T> read)
    {
        TryRead(state, read, mayWait: true, out var result);
        return result;
    }

    /// <summary>Reads one snapshot: at once if it is in memory, otherwise on the thread pool.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable while the database is rebuilt.</exception>
    public ValueTask<T> ReadAsync<TState, T>(TState state, Func<Connection, TState, T> read) =>
        TryRead(state, read, mayWait: false, out var result) ? new(result) : new(Task.Run(() => Read(state, read)));

    /// <summary>The same for several statements.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable while the database is rebuilt.</exception>
    public T ReadTogether<TState, T>(TState state, Func<Connection, TState, T> read) => Read((state, read), static (connection, call) =>
    {
        connection.Prepare("BEGIN").Run();
        try
        {
            return call.read(connection, call.state);
        }
        finally
        {
            connection.Prepare("COMMIT").Run();
        }
    });

    /// <summary>
    /// Keep the result from before a file gets its final name until its change is committed or the file is removed again: a rebuild while
    /// the store serves must not take it for an object.
    /// </summary>
    /// <exception cref="S3Exception">ServiceUnavailable while the database is rebuilt.</exception>
    public async ValueTask<NameLocks<int>.Held> EnterAsync()
    {
        var held = await _sealing.ShareAsync(0, CancellationToken.None);
        if (_database is not null)
        {
            return held;
        }

        held.Dispose();
        throw Unavailable();
    }

    /// <summary>Makes changes, all or nothing. Returns once they are on disk and visible to every reader.</summary>
    /// <exception cref="IOException">They were refused, and none of them stays.</exception>
    /// <exception cref="JournalInDoubtException">They were refused, but the next start may find them.</exception>
    /// <exception cref="S3Exception">ServiceUnavailable: nothing was changed.</exception>
    public ValueTask CommitAsync(params Change[] changes) => _committer.CommitAsync(new Work(changes, Change.Write(changes), null));

    /// <summary>
    /// Forgets a file that was to be removed and is gone, with the next commit or when the store closes. Not in the log: a start finds out
    /// by itself.
    /// </summary>
    public void ForgetRemoval(FileId file) => _gone.Enqueue(file);

    /// <summary>Begins the next segment of the log, and copies everything before it to the database's file.</summary>
    /// <returns>The new segment's number; null if the database does not have all of the others safely.</returns>
    public async ValueTask<int?> TurnAsync()
    {
        int? turned = null;
        await RunAloneAsync((database, log) =>
        {
            log.Turn();
            _state = _state with { Applied = log.End };
            database.Write(_state.Write);
            turned = database.TryCheckpoint() ? log.End.Segment : null;
        });
        return turned;
    }

    /// <summary>Frees disk space that the database can do without.</summary>
    /// <returns>True if there was any.</returns>
    public async ValueTask<bool> TryShrinkAsync()
    {
        var hasShrunk = false;
        await RunAloneAsync((database, _) => hasShrunk = database.TryShrink());
        return hasShrunk;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _committer.DisposeAsync();
        lock (_log)
        {
            // A read that still runs fails when the database closes. That is no damage.
            _isClosed = true;
        }

        await _rebuilding;
        if (_database is { } database)
        {
            ForgetRest(database);
            await database.DisposeAsync();
        }

        _log.Dispose();
    }

    /// <summary>Applies changes that the log has. Returns the state after them.</summary>
    public static StoreState Apply(
        SqliteDatabase database, StoreState state, IEnumerable<Change> changes, LogPlace end, ConcurrentQueue<FileId>? gone = null)
    {
        var result = state;
        database.Write(writer =>
        {
            var applier = new ChangeApplier(writer, state);
            foreach (var change in changes)
            {
                applier.Apply(change);
            }

            result = applier.State with { Applied = end };
            result.Write(writer);
            if (gone is not null)
            {
                ForgetRemovals(writer, gone);
            }
        });
        return result;
    }

    private static void ForgetRemovals(Connection writer, ConcurrentQueue<FileId> gone)
    {
        while (gone.TryDequeue(out var file))
        {
            writer.Prepare(Sql.DeleteRemoval).Bind(1, file).Run();
        }
    }

    private static S3Exception Unavailable(Exception? cause = null) => S3Exception.ForNow(S3Errors.ServiceUnavailable, 5,
        "The store is rebuilding its database from the stored files. Try again later.", cause);

    private bool TryRead<TState, T>(TState state, Func<Connection, TState, T> read, bool mayWait, out T result)
    {
        var database = _database ?? throw Unavailable();
        try
        {
            if (!mayWait)
            {
                return database.TryReadCached(state, read, out result);
            }

            result = database.Read(state, read);
            return true;
        }
        catch (Exception failure) when (failure is DatabaseDamagedException or IOException or InvalidDataException)
        {
            throw Damaged(database, failure);
        }
        catch (ObjectDisposedException) when (_database != database)
        {
            throw Unavailable();
        }
    }

    private void Use(SqliteDatabase database)
    {
        _objects.Clear();
        _tombstones.Clear();
        _state = database.Read(0, static (connection, _) => StoreState.Read(connection));
        _database = database;
    }

    /// <summary>Runs an action while nothing is committed.</summary>
    private async ValueTask RunAloneAsync(Action<SqliteDatabase, ChangeLog> action)
    {
        var work = new Work([], default, action);
        await _committer.CommitAsync(work);
        if (work.Failure is { } failure)
        {
            throw failure;
        }
    }

    private void Commit(IReadOnlyList<Work> group)
    {
        var database = _database ?? throw Unavailable();
        var changes = group.Where(static work => work.Action is null).ToList();
        if (changes.Count > 0)
        {
            RequireRoom(database);
            _log.Append([.. changes.Select(static work => work.Record)]);
            Follow(database, changes);
            Logged();
        }

        foreach (var work in group.Where(static work => work.Action is not null))
        {
            try
            {
                work.Action!(database, _log);
            }
            catch (Exception failure)
            {
                work.Failure = failure is DatabaseDamagedException ? Damaged(database, failure) : failure;
            }
        }
    }

    /// <summary>The changes are in the log, so they have happened, whatever becomes of the database.</summary>
    private void Follow(SqliteDatabase database, List<Work> changes)
    {
        Announce(changes);
        try
        {
            _state = Apply(database, _state, changes.SelectMany(static work => work.Changes), _log.End, _gone);
        }
        catch (Exception failure) when (failure is DatabaseDamagedException or IOException or InvalidDataException)
        {
            _ = Damaged(database, failure);
            Remember(changes);
            return;
        }

        Remember(changes);
        try
        {
            database.CheckpointIfLong();
            _hasFailed = false;
        }
        catch (DatabaseDamagedException failure)
        {
            _ = Damaged(database, failure);
        }
        catch (IOException failure)
        {
            NoteFailure(failure);
        }
    }

    /// <summary>Look-ups ask the database until the changes are remembered.</summary>
    private void Announce(List<Work> changes)
    {
        foreach (var change in changes.SelectMany(static work => work.Changes))
        {
            if (change.Kind is ChangeKind.Tombstone or ChangeKind.Undelete)
            {
                _tombstones.Begin(change.Bucket, change.Key);
            }
            else if (IsOfObject(change.Kind))
            {
                _objects.Begin(change.Bucket, change.Key);
            }
        }
    }

    private void Remember(List<Work> changes)
    {
        foreach (var change in changes.SelectMany(static work => work.Changes))
        {
            switch (change.Kind)
            {
                case ChangeKind.Object:
                    _objects.Set(change.Bucket, change.Key, change.Object);
                    break;
                case ChangeKind.Tombstone or ChangeKind.Undelete:
                    _tombstones.Forget(change.Bucket, change.Key);
                    break;
                case ChangeKind.Bucket:
                    _tombstones.Clear();
                    break;
                case var kind when IsOfObject(kind):
                    _objects.Forget(change.Bucket, change.Key);
                    break;
            }
        }
    }

    private static bool IsOfObject(ChangeKind kind) => kind is ChangeKind.Object or ChangeKind.Delete or ChangeKind.Tags or ChangeKind.Lock
        or ChangeKind.Acl or ChangeKind.Version or ChangeKind.VersionRemoval;

    /// <summary>Refuses changes while too much waits for the database's disk.</summary>
    private void RequireRoom(SqliteDatabase database)
    {
        if (database.WaitingBytes <= MostWaitingBytes)
        {
            return;
        }

        try
        {
            database.TryCheckpoint();
        }
        catch (DatabaseDamagedException failure)
        {
            throw Damaged(database, failure);
        }
        catch (IOException failure)
        {
            NoteFailure(failure);
            throw new DatabaseBehindException(failure);
        }
    }

    /// <summary>Logs the first of several failures in a row.</summary>
    private void NoteFailure(IOException failure)
    {
        if (!_hasFailed)
        {
            Telemetry.Log.DatabaseNotWritten(_logger, failure);
        }

        _hasFailed = true;
    }

    private void ForgetRest(SqliteDatabase database)
    {
        try
        {
            database.Write(writer => ForgetRemovals(writer, _gone));
        }
        catch (Exception failure) when (failure is DatabaseDamagedException or IOException)
        {
            NoteFailure(new IOException(failure.Message, failure));
        }
    }

    /// <summary>Starts a rebuild, unless one runs or the store closes.</summary>
    /// <returns>The error for the client.</returns>
    private S3Exception Damaged(SqliteDatabase database, Exception failure)
    {
        lock (_log)
        {
            if (_database == database && !_isClosed)
            {
                // Set first: a caller that finds no database can wait for the rebuild.
                var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _rebuilding = RebuildAsync(database, failure, closed.Task);
                Telemetry.Log.DatabaseDamaged(_logger, failure);
                _database = null;
                closed.SetResult();
            }
        }

        return Unavailable(failure);
    }

    private async Task RebuildAsync(SqliteDatabase damaged, Exception failure, Task closed)
    {
        await closed;
        try
        {
            // A commit that has found the damaged database ends first: it may still append to the log. Then files of refused writes go.
            await RunNothingAsync();
            (await _sealing.TakeAsync(0, CancellationToken.None)).Dispose();
            await damaged.DisposeAsync();
            var database = await Rebuild(failure);
            Use(database);
            Rebuilt();
        }
        catch (Exception problem)
        {
            Telemetry.Log.DatabaseNotRebuilt(_logger, problem);
        }
    }

    private async Task RunNothingAsync()
    {
        try
        {
            await _committer.CommitAsync(new Work([], default, static (_, _) => { }));
        }
        catch (Exception refused) when (refused is S3Exception or ObjectDisposedException)
        {
            // As every commit until the rebuild is done.
        }
    }

    /// <summary>What waits to be committed: changes with their record of the log, or an action.</summary>
    private sealed record Work(Change[] Changes, ReadOnlyMemory<byte> Record, Action<SqliteDatabase, ChangeLog>? Action)
    {
        /// <summary>What the action threw.</summary>
        public Exception? Failure { get; set; }
    }
}
