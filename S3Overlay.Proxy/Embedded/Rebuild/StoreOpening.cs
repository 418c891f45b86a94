using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Journals;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>Opens the log and the database, brings the database up to date, and builds it if it is missing or damaged.</summary>
/// <param name="folders">The folders.</param>
/// <param name="disk">The disk.</param>
/// <param name="dirty">Set if files stay that belong to nothing.</param>
/// <param name="options">The store's options.</param>
internal sealed class StoreOpening(StoreFolders folders, StoreDisk disk, DirtyFlag dirty, EmbeddedOptions options)
{
    /// <summary>Records applied per transaction.</summary>
    private const int RecordsAtOnce = 2000;

    private readonly ChangeLog _log = new(folders.Changes, disk, options.Logger);

    private bool _mustCompact;

    /// <summary>Opens both, and brings an older folder to this version.</summary>
    /// <param name="version">The folder's version.</param>
    /// <param name="wasClean">True if the last process closed the store: a record that breaks off is then damage.</param>
    /// <param name="cancellationToken">Cancels a rebuild.</param>
    public async Task<StoreRows> OpenAsync(uint version, bool wasClean, CancellationToken cancellationToken)
    {
        SqliteDatabase? database = null;
        try
        {
            var old = version < FormatFile.Version ? new OldRecords(folders, disk, options.Logger) : null;
            old?.WriteLog();
            database = await OpenDatabaseAsync(wasClean, cancellationToken);
            if (old is not null)
            {
                FormatFile.Write(folders, disk);
                disk.SyncFolder(folders.Root);
                old.Remove();
            }

            return new StoreRows(_log, database, options.Hot.Room, options.Logger) 
            {
                MostWaitingBytes = options.MostWaitingBytes,
                IsAheadOfLog = _mustCompact,
                Rebuild = RebuildAsync,
            };
        }
        catch
        {
            await (database?.DisposeAsync() ?? default);
            _log.Dispose();
            throw;
        }
    }

    /// <summary>Reads the whole log for a check.</summary>
    /// <param name="mayCorrect">False to leave wrong bits in the file.</param>
    /// <param name="problem">Gets each problem, and true if it was repaired.</param>
    public LogContent CheckLog(bool mayCorrect, Action<string, bool> problem)
    {
        _log.MayCorrect = mayCorrect;
        return LogContent.Read(_log, (place, damage) =>
        {
            var where = $"{Path.GetFileName(_log.PathOf(place.Segment))} at byte {place.Offset}";
            if (damage == LogDamage.Corrected)
            {
                problem($"The log {where} has one wrong bit.", mayCorrect);
            }
            else if (damage == LogDamage.Lost)
            {
                problem($"The log {where} is damaged. The next start writes it again from the database.", false);
            }
        });
    }

    /// <summary>Opens both for a check, and builds nothing.</summary>
    /// <param name="problem">Gets what is wrong with the database.</param>
    /// <returns>The rows; null if the database must be built.</returns>
    public async Task<StoreRows?> TryOpenAsync(Action<string> problem)
    {
        if (!File.Exists(folders.Database) || File.Exists(folders.RebuildMark))
        {
            problem("The database is missing or must be rebuilt. The next start does that.");
            return null;
        }

        SqliteDatabase? database = null;
        try
        {
            database = SqliteDatabase.Open(StoreRebuild.OptionsOf(folders.Database, disk));
            var wrong = database.Read(0, static (connection, _) =>
                connection.Prepare("PRAGMA integrity_check(10)").All(static row => row.Text(0)!)).FindAll(static text => text != "ok");
            if (wrong.Count == 0 && CatchUp(database, wasClean: false))
            {
                return new StoreRows(_log, database, options.Hot.Room, options.Logger) { MostWaitingBytes = options.MostWaitingBytes };
            }

            problem(wrong.Count == 0 ? "The database lacks changes that the log lost. The next start rebuilds it."
                : $"The database is damaged: {string.Join("; ", wrong)}. The next start that notices it rebuilds it.");
        }
        catch (Exception damage) when (damage is DatabaseDamagedException or InvalidDataException)
        {
            problem($"The database is damaged: {damage.Message} The next start that notices it rebuilds it.");
        }

        await (database?.DisposeAsync() ?? default);
        _log.Dispose();
        return null;
    }

    private async Task<SqliteDatabase> OpenDatabaseAsync(bool wasClean, CancellationToken cancellationToken)
    {
        var reason = File.Exists(folders.RebuildMark) ? "to be rebuilt" : File.Exists(folders.Database) ? null : "missing";
        SqliteDatabase? database = null;
        try
        {
            database = reason is null ? SqliteDatabase.Open(StoreRebuild.OptionsOf(folders.Database, disk)) : null;
            if (database is not null && CatchUp(database, wasClean))
            {
                // What the start needs of it.
                _ = database.Read(0, static (connection, _) => connection.Prepare(Sql.Buckets).All(static row => row.ReadBucket()));
                return database;
            }

            reason ??= "behind a log that lost records";
        }
        catch (Exception damage) when (damage is DatabaseDamagedException or InvalidDataException)
        {
            Log.DatabaseFileDamaged(options.Logger, damage.Message);
            reason = "damaged";
        }
        catch
        {
            await (database?.DisposeAsync() ?? default);
            throw;
        }

        await (database?.DisposeAsync() ?? default);
        if (Directory.EnumerateFiles(folders.Objects, "*", SearchOption.AllDirectories).Any() || _log.Segments().Count > 0)
        {
            Log.DatabaseRebuildStarted(options.Logger, folders.Database, reason);
        }

        var content = LogContent.Read(_log, (place, damage) => NoteDamage(place, damage, wasClean, isDatabaseLost: true));
        _mustCompact = content.Lost.Count > 0;
        _log.Open(_mustCompact ? null : content.End);
        await new StoreRebuild(folders, disk, dirty, options, content.EndsAt(_log.End)).RunAsync(cancellationToken);
        return SqliteDatabase.Open(StoreRebuild.OptionsOf(folders.Database, disk));
    }

    /// <summary>Builds the database while the store serves, and the log does not grow.</summary>
    private async Task<SqliteDatabase> RebuildAsync(Exception damage)
    {
        await File.WriteAllBytesAsync(folders.RebuildMark, []);
        Log.DatabaseRebuildStarted(options.Logger, folders.Database, "damaged");
        var content = LogContent.Read(_log, (place, found) => NoteDamage(place, found, wasClean: false, isDatabaseLost: true));
        await new StoreRebuild(folders, disk, dirty, options, content.EndsAt(_log.End)).RunAsync(CancellationToken.None);
        return SqliteDatabase.Open(StoreRebuild.OptionsOf(folders.Database, disk));
    }

    /// <summary>Applies the records of the log that the database does not have, and opens the log behind them.</summary>
    /// <returns>False if records are lost that the database does not have either: the files may say more.</returns>
    private bool CatchUp(SqliteDatabase database, bool wasClean)
    {
        var state = database.Read(0, static (connection, _) => StoreState.Read(connection));
        var (end, hasLost, isTorn) = (state.Applied, false, false);
        var waiting = new List<Change>();
        var segments = _log.Segments();
        var length = segments.Contains(end.Segment) ? new FileInfo(_log.PathOf(end.Segment)).Length : 0;
        if (length < end.Offset || (segments.Count > 0 && segments[^1] < end.Segment))
        {
            // The log ends before what the database has of it: it is the log that lost something.
            NoteDamage(new LogPlace(end.Segment, length), LogDamage.Lost, wasClean, isDatabaseLost: false);
            _mustCompact = true;
            _log.Open(null);
            SetPlace();
            return true;
        }

        if (segments.Count > 0 && end.Segment > 0 && segments[0] > end.Segment)
        {
            return false;
        }

        var records = 0;
        foreach (var (place, record) in _log.Read(end, Damaged))
        {
            waiting.AddRange(Change.Read(record.Span));
            end = place;
            if (++records % RecordsAtOnce == 0)
            {
                Apply();
            }
        }

        if (hasLost)
        {
            return false;
        }

        Apply();
        _log.Open(isTorn && wasClean ? null : end);
        _mustCompact = isTorn && wasClean;
        SetPlace();
        return true;

        void Apply()
        {
            if (waiting.Count > 0)
            {
                state = StoreRows.Apply(database, state, waiting, end);
                waiting.Clear();
            }
        }

        void SetPlace()
        {
            if (state.Applied.CompareTo(_log.End) != 0)
            {
                state = StoreRows.Apply(database, state, [], _log.End);
            }
        }

        void Damaged(LogPlace place, LogDamage damage)
        {
            NoteDamage(place, damage, wasClean, isDatabaseLost: false);
            isTorn |= damage == LogDamage.Torn;
            hasLost |= damage == LogDamage.Lost;
        }
    }

    private void NoteDamage(LogPlace place, LogDamage damage, bool wasClean, bool isDatabaseLost)
    {
        var path = _log.PathOf(place.Segment);
        switch (damage)
        {
            case LogDamage.Corrected:
                Log.ChangeLogCorrected(options.Logger, path, place.Offset);
                break;
            case LogDamage.Torn when !wasClean:
                Log.JournalTorn(options.Logger, path, place.Offset);
                break;
            case LogDamage.Lost when isDatabaseLost:
                Log.ChangesLost(options.Logger, path, place.Offset);
                break;
            default:
                Log.ChangeLogDamaged(options.Logger, path, place.Offset);
                break;
        }
    }
}
