using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>What the store asks its database.</summary>
internal static class StoreQueries
{
    /// <summary>Rows per read where a caller walks a table: no snapshot lasts longer, so the write-ahead log stays short.</summary>
    public const int PageSize = 1000;

    /// <summary>An object's row in the database, or null.</summary>
    public static ValueTask<ObjectRow?> ReadObjectAsync(this StoreRows rows, string bucket, string key) =>
        rows.ReadAsync((bucket, key), static (connection, name) =>
            connection.Prepare(Sql.FindObject).BindKey(1, name.bucket).BindKey(2, name.key).One(static row => row.ReadObject()));

    /// <summary>All objects in order, by the page.</summary>
    public static IEnumerable<(string Bucket, string Key, ObjectRow Row)> WalkObjects(this StoreRows rows)
    {
        for (var last = (Bucket: "", Key: ""); ;)
        {
            var page = rows.Read(last, static (connection, last) => connection.Prepare(Sql.WalkObjects).BindKey(1, last.Bucket)
                .BindKey(2, last.Key).Bind(3, PageSize).All(static row => (Bucket: row.Key(0), Key: row.Key(1), Row: row.ReadObject(2))));
            foreach (var row in page)
            {
                yield return row;
            }

            if (page.Count < PageSize)
            {
                yield break;
            }

            last = (page[^1].Bucket, page[^1].Key);
        }
    }

    /// <summary>All older versions in order, by the page, without delete markers.</summary>
    public static IEnumerable<(string Bucket, string Key, ObjectRow Row)> WalkVersions(this StoreRows rows)
    {
        for (var last = (Bucket: "", Key: "", Sequence: 0UL); ;)
        {
            var page = rows.Read(last, static (connection, last) => connection.Prepare(Sql.WalkVersions).BindKey(1, last.Bucket)
                .BindKey(2, last.Key).Bind(3, (long)last.Sequence).Bind(4, PageSize).All(ReadNamed));
            foreach (var row in page.Where(static row => !row.Row.IsMarker))
            {
                yield return row;
            }

            if (page.Count < PageSize)
            {
                yield break;
            }

            last = (page[^1].Bucket, page[^1].Key, page[^1].Row.Sequence);
        }
    }

    /// <summary>All versions of a key, the newest first.</summary>
    public static List<ObjectRow> VersionsOf(this StoreRows rows, string bucket, string key) =>
        rows.ReadTogether((bucket, key), static (connection, name) => VersionRows.Of(connection, name.bucket, name.key));

    /// <summary>A key's newest version or delete marker, or null. As of one moment.</summary>
    public static ValueTask<ObjectRow?> FindNewestOfAllAsync(this StoreRows rows, string bucket, string key) =>
        new(Task.Run(() => rows.ReadTogether((bucket, key), static (connection, name) =>
            VersionRows.Newest(connection, name.bucket, name.key))));

    /// <summary>A version with an id, or null. Its number is in the id. As of one moment: a version moves when a newer one goes.</summary>
    public static ValueTask<ObjectRow?> FindVersionAsync(this StoreRows rows, string bucket, string key, ulong sequence) =>
        new(Task.Run(() => rows.ReadTogether((bucket, key, sequence), static (connection, name) =>
            VersionRows.Find(connection, name.bucket, name.key, name.sequence))));

    /// <summary>The version <c>null</c> of a key, or null. As of one moment.</summary>
    public static ValueTask<ObjectRow?> FindNullVersionAsync(this StoreRows rows, string bucket, string key) =>
        new(Task.Run(() => rows.ReadTogether((bucket, key), static (connection, name) =>
            VersionRows.FindNull(connection, name.bucket, name.key))));

    /// <summary>A key's newest version or delete marker among those that are not its object, or null.</summary>
    public static ValueTask<ObjectRow?> FindNewestVersionAsync(this StoreRows rows, string bucket, string key) =>
        rows.ReadAsync((bucket, key), static (connection, name) => connection.Prepare(Sql.NewestVersion)
            .BindKey(1, name.bucket).BindKey(2, name.key).One(static row => row.ReadObject()));

    /// <summary>True if the bucket has an object, a version or a delete marker.</summary>
    public static ValueTask<bool> HasObjectsAsync(this StoreRows rows, string bucket) =>
        rows.ReadAsync(bucket, static (connection, bucket) => connection.Prepare(Sql.HasObjects).BindKey(1, bucket).One(static _ => true)
            || connection.Prepare(Sql.HasVersions).BindKey(1, bucket).One(static _ => true));

    /// <summary>A key's tombstone in the database; null if it has none.</summary>
    public static ValueTask<TombstoneRow?> ReadTombstoneAsync(this StoreRows rows, string bucket, string key) =>
        rows.ReadAsync((bucket, key), static (connection, name) =>
            connection.Prepare(Sql.FindTombstone).BindKey(1, name.bucket).BindKey(2, name.key).One(static row => row.ReadTombstone()));

    /// <summary>A page of a bucket's tombstones that start with a prefix, in listing order.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">Their prefix.</param>
    /// <param name="from">The first key that counts.</param>
    /// <param name="isAfter">True if <paramref name="from"/> itself does not count.</param>
    public static List<(string Key, TombstoneRow Row)> ListTombstones(
        this StoreRows rows, string bucket, string prefix, string from, bool isAfter) =>
        rows.Read((bucket, prefix, from, isAfter), static (connection, call) =>
            connection.Prepare(Sql.ListTombstones).BindKey(1, call.bucket).BindKey(2, call.from, call.isAfter ? Sql.Zero : default)
                .BindKey(3, call.prefix, Sql.AfterAll).Bind(4, PageSize).All(static row => (row.Key(0), row.ReadTombstone(1))));

    /// <summary>A page of a bucket's objects that start with a prefix, in listing order: as <see cref="ListTombstones"/>.</summary>
    public static List<(string Key, ObjectRow Row)> ListObjects(
        this StoreRows rows, string bucket, string prefix, string from, bool isAfter) =>
        rows.Read((bucket, prefix, from, isAfter), static (connection, call) =>
            connection.Prepare(Sql.ListObjectRows).BindKey(1, call.bucket).BindKey(2, call.from, call.isAfter ? Sql.Zero : default)
                .BindKey(3, call.prefix, Sql.AfterAll).Bind(4, PageSize).All(static row => (row.Key(0), row.ReadObject(1))));

    /// <summary>Buckets that have tombstones. One look-up per bucket.</summary>
    public static List<string> ListTombstoneBuckets(this StoreRows rows) => rows.Read(0, static (connection, _) =>
    {
        var names = new List<string>();
        var statement = connection.Prepare(Sql.NextTombstoneBucket);
        while (statement.BindKey(1, names.LastOrDefault() ?? "").One(static row => row.Key(0)) is { } next)
        {
            names.Add(next);
        }

        return names;
    });

    public static List<BucketRecord> ListBuckets(this StoreRows rows) =>
        rows.Read(0, static (connection, _) => connection.Prepare(Sql.Buckets).All(static row => row.ReadBucket()));

    /// <summary>An open upload, or null.</summary>
    public static ValueTask<UploadRecord?> FindUploadAsync(this StoreRows rows, string uploadId) =>
        rows.ReadAsync(uploadId, static (connection, id) =>
            connection.Prepare(Sql.FindUpload).BindText(1, id).One(static row => UploadRecord.Read(row.Blob(0))));

    public static List<UploadRecord> ListUploads(this StoreRows rows) => rows.Read(0, static (connection, _) =>
        connection.Prepare(Sql.AllUploads).All(static row => UploadRecord.Read(row.Blob(0))));

    /// <summary>Open uploads of a bucket by key and age, rolled up by the query's delimiter.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="query">Prefix, delimiter and limit.</param>
    /// <param name="after">The last key shown, and whether it is a common prefix.</param>
    /// <param name="afterId">The last upload shown of that key; empty: all of them.</param>
    public static List<(string Name, UploadRecord? Upload)> ListUploads(
        this StoreRows rows, string bucket, ListingQuery query, ListingPosition after, string afterId) =>
        rows.ReadTogether((bucket, query, after, afterId), static (connection, call) =>
        {
            var found = new List<(string, UploadRecord?)>();
            var statement = connection.Prepare(Sql.ListUploads);
            var (after, query) = (call.after, call.query);
            var behind = after.IsPrefix ? Sql.AfterAll : call.afterId.Length == 0 ? Sql.Zero : default;
            if (after.Name.Length > 0 && Utf8Order.Compare(after.Name, query.Prefix) >= 0)
            {
                Start(after.Name, behind, call.afterId);
            }
            else
            {
                var isOver = after.IsPrefix && query.Prefix.StartsWith(after.Name, StringComparison.Ordinal);
                Start(query.Prefix, isOver ? Sql.AfterAll : default, "");
            }

            try
            {
                while (found.Count < query.PageSize && statement.Step())
                {
                    var upload = UploadRecord.Read(statement.Blob(2));
                    if (query.CommonPrefixOf(upload.Key) is { } common)
                    {
                        found.Add((common, null));
                        statement.Reset();
                        Start(common, Sql.AfterAll, "");
                    }
                    else
                    {
                        found.Add((upload.Key, upload));
                    }
                }
            }
            finally
            {
                statement.Reset();
            }

            return found;

            void Start(string key, ReadOnlySpan<byte> behind, string id) =>
                statement.BindKey(1, call.bucket).BindKey(2, key, behind).BindText(3, id).BindKey(4, query.Prefix, Sql.AfterAll);
        });

    /// <summary>A part of an open upload, or null.</summary>
    public static ValueTask<PartRow?> FindPartAsync(this StoreRows rows, string uploadId, int number) =>
        rows.ReadAsync((uploadId, number), static (connection, part) =>
            connection.Prepare(Sql.FindPart).BindText(1, part.uploadId).Bind(2, part.number).One(static row => row.ReadPart()));

    /// <summary>The first <paramref name="limit"/> parts of an upload after a number, in order.</summary>
    public static ValueTask<List<PartRow>> ListPartsAsync(this StoreRows rows, string uploadId, int after, int limit) =>
        rows.ReadAsync((uploadId, after, limit), static (connection, call) => connection.Prepare(Sql.ListParts)
            .BindText(1, call.uploadId).Bind(2, call.after).Bind(3, call.limit).All(static row => row.ReadPart()));

    /// <summary>A completed upload, or null.</summary>
    public static ValueTask<CompletedRow?> FindCompletedAsync(this StoreRows rows, string uploadId) =>
        rows.ReadAsync(uploadId, static (connection, id) =>
            connection.Prepare(Sql.FindCompleted).BindText(1, id).One(static row => CompletedRow.Read(row.Blob(0))));

    /// <summary>The ids of a page of uploads that were completed up to a moment.</summary>
    public static List<string> ListCompleted(this StoreRows rows, DateTimeOffset upTo) => rows.Read(upTo, static (connection, upTo) =>
        connection.Prepare(Sql.OldCompleted).Bind(1, upTo.ToUnixTimeMilliseconds()).Bind(2, PageSize).All(static row => row.Text(0)!));

    /// <summary>Files that are still to be removed.</summary>
    public static List<RemovalRow> ListRemovals(this StoreRows rows) => rows.Read(0, static (connection, _) =>
        connection.Prepare(Sql.Removals).All(static row => new RemovalRow(
            FileId.Read(row.Blob(0)), row.Key(1), row.Key(2), (ulong)row.Number(3), row.Number(4) != 0)));

    public static bool HasRemoval(this StoreRows rows, FileId file) => rows.Read(file, static (connection, file) =>
        connection.Prepare(Sql.HasRemoval).Bind(1, file).One(static _ => true));

    /// <summary>
    /// What a rebuild cannot know from object files, as changes. Later changes of the log may be among them, which does no harm: they are
    /// made again.
    /// </summary>
    public static IEnumerable<Change> NotInFiles(this StoreRows rows)
    {
        foreach (var bucket in rows.ListBuckets())
        {
            yield return Change.OfBucket(bucket.Name, bucket);
        }

        foreach (var upload in rows.ListUploads())
        {
            yield return Change.OfUpload(upload);
        }

        foreach (var bucket in rows.ListTombstoneBuckets())
        {
            for (var (from, isAfter) = ("", false); rows.ListTombstones(bucket, "", from, isAfter) is { Count: > 0 } page;
                (from, isAfter) = (page[^1].Key, true))
            {
                foreach (var (key, row) in page)
                {
                    yield return Change.OfTombstone(bucket, key, row);
                }
            }
        }

        for (var last = (Bucket: "", Key: "", Sequence: 0UL); ;)
        {
            var page = rows.Read(last, static (connection, last) => connection.Prepare(Sql.Markers).BindKey(1, last.Bucket)
                .BindKey(2, last.Key).Bind(3, (long)last.Sequence).Bind(4, PageSize).All(ReadNamed));
            foreach (var (bucket, key, row) in page)
            {
                yield return Change.OfVersion(bucket, key, row);
                last = (bucket, key, row.Sequence);
            }

            if (page.Count < PageSize)
            {
                break;
            }
        }

        foreach (var change in rows.ChangedAfterWrite())
        {
            yield return change;
        }
    }

    private static (string Bucket, string Key, ObjectRow Row) ReadNamed(Statement row) => (row.Key(0), row.Key(1), row.ReadObject(2));
}

/// <summary>A file that is still to be removed.</summary>
/// <param name="File">The file.</param>
/// <param name="Bucket">Its object's bucket; empty for a part.</param>
/// <param name="Key">Its object's key.</param>
/// <param name="Sequence">The number of the write or delete that replaced it.</param>
/// <param name="IsManifest">True if its parts are to be removed too.</param>
internal sealed record RemovalRow(FileId File, string Bucket, string Key, ulong Sequence, bool IsManifest);
