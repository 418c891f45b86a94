using S3Overlay.Proxy.Embedded.Database;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>
/// Keeps the versions of keys in their order, in whatever order they are added: <c>objects</c> has the newest of a key unless that is a
/// delete marker, <c>versions</c> has the others. A key has at most one version <c>null</c>: the newest.
/// </summary>
/// <param name="writer">The connection, in a transaction of the caller.</param>
/// <param name="replaced">Gets the versions whose files belong to nothing any more.</param>
internal sealed class VersionRows(Connection writer, Action<string, string, ObjectRow> replaced)
{
    /// <summary>Adds a version, or replaces its row.</summary>
    public void Put(string bucket, string key, ObjectRow row)
    {
        if (row.VersionId is null && FindNull(bucket, key) is { } known && known.Sequence != row.Sequence)
        {
            if (known.Sequence > row.Sequence)
            {
                Replace(bucket, key, row);
                return;
            }

            Delete(bucket, key, known);
            Replace(bucket, key, known);
        }

        var current = writer.FindObject(bucket, key);
        var older = Newest(bucket, key);
        if ((current?.Sequence ?? 0) > row.Sequence || (older?.Sequence ?? 0) > row.Sequence)
        {
            writer.PutVersion(bucket, key, row);
            ShowNewest(bucket, key);
            return;
        }

        if (current is not null && current.Sequence != row.Sequence)
        {
            Named(Sql.ObjectToVersions, bucket, key).Run();
            Named(Sql.DeleteObject, bucket, key).Run();
        }

        if (row.IsMarker)
        {
            writer.PutVersion(bucket, key, row);
        }
        else
        {
            writer.Put(bucket, key, row);
        }
    }

    /// <summary>Removes a version, if there is one with this number. The next older one becomes the newest.</summary>
    public void Remove(string bucket, string key, ulong sequence)
    {
        if (Find(writer, bucket, key, sequence) is { } row)
        {
            Delete(bucket, key, row);
            Replace(bucket, key, row);
            ShowNewest(bucket, key);
        }
    }

    /// <summary>All versions of a key, the newest first.</summary>
    public static List<ObjectRow> Of(Connection connection, string bucket, string key)
    {
        var rows = connection.Prepare(Sql.Versions).BindKey(1, bucket).BindKey(2, key).All(static row => row.ReadObject());
        if (connection.FindObject(bucket, key) is { } current)
        {
            rows.Insert(0, current);
        }

        return rows;
    }

    /// <summary>The newest versions of a key with numbers below another one, in order. Costs no more than what it returns.</summary>
    public static List<ObjectRow> Older(Connection connection, string bucket, string key, ulong behind, int limit)
    {
        var rows = connection.Prepare(Sql.OlderVersions).BindKey(1, bucket).BindKey(2, key)
            .Bind(3, (long)Math.Min(behind, long.MaxValue)).Bind(4, limit).All(static row => row.ReadObject());

        // The object is newer than all others. It is among these if a version that was newer yet has gone.
        if (connection.FindObject(bucket, key) is { } current && current.Sequence < behind)
        {
            rows.Insert(0, current);
        }

        return rows.Count > limit ? rows[..limit] : rows;
    }

    /// <summary>The version with a number, or null.</summary>
    public static ObjectRow? Find(Connection connection, string bucket, string key, ulong sequence) =>
        connection.FindObject(bucket, key) is { } current && current.Sequence == sequence ? current
            : connection.Prepare(Sql.FindVersion).BindKey(1, bucket).BindKey(2, key).Bind(3, (long)sequence)
                .One(static row => row.ReadObject());

    /// <summary>The version <c>null</c> of a key, or null.</summary>
    public static ObjectRow? FindNull(Connection connection, string bucket, string key) =>
        connection.FindObject(bucket, key) is { VersionId: null } current ? current
            : connection.Prepare(Sql.FindNullVersion).BindKey(1, bucket).BindKey(2, key).One(static row => row.ReadObject());

    /// <summary>The newest version or delete marker of a key, or null.</summary>
    public static ObjectRow? Newest(Connection connection, string bucket, string key)
    {
        var current = connection.FindObject(bucket, key);
        var other = connection.Prepare(Sql.NewestVersion).BindKey(1, bucket).BindKey(2, key).One(static row => row.ReadObject());
        return (current?.Sequence ?? 0) > (other?.Sequence ?? 0) ? current : other;
    }

    private ObjectRow? FindNull(string bucket, string key) => FindNull(writer, bucket, key);

    private ObjectRow? Newest(string bucket, string key) => Named(Sql.NewestVersion, bucket, key).One(static row => row.ReadObject());

    private Statement Named(string sql, string bucket, string key) => writer.Prepare(sql).BindKey(1, bucket).BindKey(2, key);

    private void Delete(string bucket, string key, ObjectRow row)
    {
        if (writer.FindObject(bucket, key)?.Sequence == row.Sequence)
        {
            Named(Sql.DeleteObject, bucket, key).Run();
        }
        else
        {
            Named(Sql.DeleteVersion, bucket, key).Bind(3, (long)row.Sequence).Run();
        }
    }

    /// <summary>Moves the newest version to where clients look for it, unless it is a delete marker.</summary>
    private void ShowNewest(string bucket, string key)
    {
        if (Newest(bucket, key) is { IsMarker: false } newest && !(writer.FindObject(bucket, key)?.Sequence > newest.Sequence))
        {
            Named(Sql.VersionToObjects, bucket, key).Bind(3, (long)newest.Sequence).Run();
            Named(Sql.DeleteVersion, bucket, key).Bind(3, (long)newest.Sequence).Run();
        }
    }

    private void Replace(string bucket, string key, ObjectRow row)
    {
        if (!row.IsMarker)
        {
            replaced(bucket, key, row);
        }
    }
}
