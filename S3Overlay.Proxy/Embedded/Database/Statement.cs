using System.Text;

using SQLitePCL;

namespace S3Overlay.Proxy.Embedded.Database;

/// <summary>
/// A prepared statement. Parameters are numbered from 1, columns from 0. Keys are BLOBs: SQLite compares them byte by byte.
/// </summary>
internal sealed unsafe class Statement : IDisposable
{
    private const int KeepsLong = 1;

    /// <summary>Makes SQLite copy what is bound.</summary>
    private const nint Copied = -1;

    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private readonly nint _pointer;

    public Statement(sqlite3 database, string sql)
    {
        _database = database;
        SqliteFailure.Check(database, raw.sqlite3_prepare_v3(database, sql, KeepsLong, out _statement));
        _pointer = _statement.DangerousGetHandle();
    }

    public Statement Bind(int parameter, ReadOnlySpan<byte> value)
    {
        var nothing = (byte)0;
        fixed (byte* bytes = value)
        {
            // A null pointer would be NULL, not an empty BLOB.
            _ = NativeSqlite.BindBlob(_pointer, parameter, bytes == null ? &nothing : bytes, value.Length, Copied);
        }

        return this;
    }

    public Statement Bind(int parameter, long value)
    {
        _ = NativeSqlite.BindNumber(_pointer, parameter, value);
        return this;
    }

    /// <summary>Binds a text's UTF-8 bytes as a BLOB, followed by <paramref name="behind"/>.</summary>
    public Statement BindKey(int parameter, string key, ReadOnlySpan<byte> behind = default)
    {
        var most = Encoding.UTF8.GetMaxByteCount(key.Length) + behind.Length;
        Span<byte> bytes = most <= 1024 ? stackalloc byte[most] : new byte[most];
        var length = Encoding.UTF8.GetBytes(key, bytes);
        behind.CopyTo(bytes[length..]);
        return Bind(parameter, bytes[..(length + behind.Length)]);
    }

    /// <summary>Binds a text; null as NULL.</summary>
    public Statement BindText(int parameter, string? value)
    {
        if (value is null)
        {
            _ = NativeSqlite.BindNull(_pointer, parameter);
            return this;
        }

        var most = Encoding.UTF8.GetMaxByteCount(value.Length) + 1;
        var bytes = most <= 1024 ? stackalloc byte[most] : new byte[most];
        var length = Encoding.UTF8.GetBytes(value, bytes);
        fixed (byte* text = bytes)
        {
            _ = NativeSqlite.BindText(_pointer, parameter, text, length, Copied);
        }

        return this;
    }

    /// <summary>Moves to the next row.</summary>
    /// <returns>False after the last.</returns>
    /// <exception cref="DatabaseDamagedException">The database cannot be trusted.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public bool Step()
    {
        var result = NativeSqlite.Step(_pointer);
        if (result == raw.SQLITE_ROW)
        {
            return true;
        }

        if (result != raw.SQLITE_DONE)
        {
            Reset();
            SqliteFailure.Check(_database, result);
        }

        return false;
    }

    /// <summary>Runs a statement without rows.</summary>
    public void Run()
    {
        Step();
        Reset();
    }

    /// <summary>Ends a run, so that the statement keeps nothing locked and can be bound again.</summary>
    public void Reset() => _ = NativeSqlite.Reset(_pointer);

    /// <summary>A BLOB's bytes, or a text's in UTF-8. Valid until the next step.</summary>
    public ReadOnlySpan<byte> Blob(int column)
    {
        var bytes = NativeSqlite.ColumnBlob(_pointer, column);
        return new(bytes, NativeSqlite.ColumnLength(_pointer, column));
    }

    /// <summary>A BLOB of UTF-8 as text.</summary>
    public string Key(int column) => Encoding.UTF8.GetString(Blob(column));

    public long Number(int column) => NativeSqlite.ColumnNumber(_pointer, column);

    /// <summary>A text; null for NULL.</summary>
    public string? Text(int column) =>
        NativeSqlite.ColumnType(_pointer, column) == raw.SQLITE_NULL ? null : Key(column);

    /// <inheritdoc/>
    public void Dispose() => _statement.Dispose();
}

/// <summary>Turns SQLite's errors into exceptions.</summary>
internal static class SqliteFailure
{
    /// <summary>Throws unless a call succeeded.</summary>
    /// <exception cref="DatabaseDamagedException">The database cannot be trusted.</exception>
    /// <exception cref="IOException">The disk failed; with its own error code if it has one.</exception>
    public static void Check(sqlite3 database, int result)
    {
        if (result is raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE)
        {
            return;
        }

        var code = raw.sqlite3_extended_errcode(database);
        var message = $"SQLite: {raw.sqlite3_errmsg(database).utf8_to_string()} (code {code}).";
        throw (result & 0xFF, DiskVfs.TakeFailure()) switch
        {
            (_, NotInMemoryException wait) => wait,
            (_, InvalidDataException damage) => new DatabaseDamagedException(damage.Message, damage),
            (_, IOException failure) => new IOException(failure.Message, failure) { HResult = failure.HResult },
            (_, { } failure) => new IOException(failure.Message, failure),
            (raw.SQLITE_FULL, _) => new IOException(message, Files.StoreDisk.FullCode),
            (raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_IOERR or raw.SQLITE_SCHEMA or raw.SQLITE_ERROR, _) =>
                new DatabaseDamagedException(message),
            _ => new IOException(message),
        };
    }
}

/// <summary>A database does not contain what was written; the message says what is wrong.</summary>
internal sealed class DatabaseDamagedException(string message, Exception? cause = null) : Exception(message, cause);
