using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>Rows of the store's database as records, and back.</summary>
internal static class RowReading
{
    /// <summary>An object's row. <paramref name="first"/> is the column of its file.</summary>
    public static ObjectRow ReadObject(this Statement row, int first = 0)
    {
        var details = new FieldReader(row.Blob(first + 7));
        return new ObjectRow
        {
            File = FileId.Read(row.Blob(first)),
            Sequence = (ulong)row.Number(first + 1),
            Info = details.ReadDetails(row.Number(first + 2), row.Text(first + 4)!, row.Number(first + 3)),
            PartCount = (int)row.Number(first + 5),
            Tags = row.Text(first + 6),
            Base = row.ReadBase(first + 8),
            VersionId = row.Text(first + 11),
            Lock = ObjectLock.Parse(row.Text(first + 12)),
            Acl = row.Text(first + 13),
            Envelope = KeyEnvelope.ReadLast(ref details),
        };
    }

    /// <summary>The newest version of a key, or null.</summary>
    public static ObjectRow? FindObject(this Connection connection, string bucket, string key) =>
        connection.Prepare(Sql.FindObject).BindKey(1, bucket).BindKey(2, key).One(static row => row.ReadObject());

    /// <summary>Puts the newest version of a key.</summary>
    public static void Put(this Connection writer, string bucket, string key, ObjectRow row) =>
        writer.Put(Sql.PutObject, bucket, key, row);

    /// <summary>Puts an older version or a delete marker.</summary>
    public static void PutVersion(this Connection writer, string bucket, string key, ObjectRow row) =>
        writer.Put(Sql.PutVersion, bucket, key, row);

    private static void Put(this Connection writer, string sql, string bucket, string key, ObjectRow row) =>
        writer.Prepare(sql).BindKey(1, bucket).BindKey(2, key).Bind(3, (long)row.Sequence).Bind(4, row.File)
            .Bind(5, row.Info.Size).Bind(6, row.Info.LastModified.ToUnixTimeMilliseconds()).BindText(7, row.Info.ETag)
            .Bind(8, row.PartCount).BindText(9, row.Tags).Bind(10, DetailsOf(row.Info, row.Envelope)).BindBase(11, row.Base)
            .BindText(14, row.VersionId).BindText(15, row.Lock?.ToText()).BindText(16, row.Acl).Run();

    /// <summary>A tombstone. <paramref name="first"/> is the column of its number.</summary>
    public static TombstoneRow ReadTombstone(this Statement row, int first = 0) => new((ulong)row.Number(first),
        row.Number(first + 1) is var made && made == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(made), row.ReadBase(first + 2))
    {
        Marker = row.Text(first + 5),
        Over = row.Text(first + 6),
    };

    public static void Put(this Connection writer, string bucket, string key, TombstoneRow tombstone) =>
        writer.Prepare(Sql.PutTombstone).BindKey(1, bucket).BindKey(2, key).Bind(3, (long)tombstone.Sequence)
            .Bind(4, tombstone.Made?.ToUnixTimeMilliseconds() ?? 0).BindBase(5, tombstone.Base)
            .BindText(8, tombstone.Marker).BindText(9, tombstone.Over).Run();

    public static PartRow ReadPart(this Statement row)
    {
        var details = new FieldReader(row.Blob(6));
        return new PartRow((int)row.Number(0), FileId.Read(row.Blob(1)), (ulong)row.Number(2),
            details.ReadDetails(row.Number(3), row.Text(5)!, row.Number(4)));
    }

    public static void Put(this Connection writer, string uploadId, PartRow part) =>
        writer.Prepare(Sql.PutPart).BindText(1, uploadId).Bind(2, part.Number).Bind(3, (long)part.Sequence).Bind(4, part.File)
            .Bind(5, part.Info.Size).Bind(6, part.Info.LastModified.ToUnixTimeMilliseconds()).BindText(7, part.Info.ETag)
            .Bind(8, DetailsOf(part.Info)).Run();

    public static BucketRecord ReadBucket(this Statement row) => new()
    {
        Name = row.Key(0),
        Exists = row.Number(1) != 0,
        IsOpaque = row.Number(2) != 0,
        Created = DateTimeOffset.FromUnixTimeMilliseconds(row.Number(3)),
        Region = row.Text(4)!,
        PurgedUpTo = (ulong)row.Number(5),
        Versioning = (Versioning)row.Number(6),
        Documents = BucketRecord.ReadDocuments(row.Text(7), row.Blob(8)),
    };

    public static void Put(this Connection writer, BucketRecord bucket) =>
        writer.Prepare(Sql.PutBucket).BindKey(1, bucket.Name).Bind(2, bucket.Exists ? 1 : 0).Bind(3, bucket.IsOpaque ? 1 : 0)
            .Bind(4, bucket.Created.ToUnixTimeMilliseconds()).BindText(5, bucket.Region).Bind(6, (long)bucket.PurgedUpTo)
            .Bind(7, (long)bucket.Versioning).BindText(8, null).Bind(9, bucket.WriteDocuments()).Run();

    public static void Put(this Connection writer, UploadRecord upload) =>
        writer.Prepare(Sql.PutUpload).BindText(1, upload.UploadId).BindKey(2, upload.Bucket).BindKey(3, upload.Key)
            .Bind(4, upload.Write().Span).Run();

    public static void Put(this Connection writer, string uploadId, CompletedRow completed) =>
        writer.Prepare(Sql.PutCompleted).BindText(1, uploadId).Bind(2, completed.Completed.ToUnixTimeMilliseconds())
            .Bind(3, completed.Write()).Run();

    public static Statement Bind(this Statement statement, int parameter, FileId file)
    {
        Span<byte> bytes = stackalloc byte[FileId.Size];
        file.Write(bytes);
        return statement.Bind(parameter, bytes);
    }

    /// <summary>The only row of a statement; default if there is none.</summary>
    public static T? One<T>(this Statement statement, Func<Statement, T> read)
    {
        try
        {
            return statement.Step() ? read(statement) : default;
        }
        finally
        {
            statement.Reset();
        }
    }

    /// <summary>All rows of a statement.</summary>
    public static List<T> All<T>(this Statement statement, Func<Statement, T> read)
    {
        var rows = new List<T>();
        try
        {
            while (statement.Step())
            {
                rows.Add(read(statement));
            }
        }
        finally
        {
            statement.Reset();
        }

        return rows;
    }

    private static RemoteBase? ReadBase(this Statement row, int first) => row.Text(first) is not { } etag ? null
        : new RemoteBase(etag, row.Number(first + 1), DateTimeOffset.FromUnixTimeMilliseconds(row.Number(first + 2)));

    private static Statement BindBase(this Statement statement, int first, RemoteBase? known) => known is null
        ? statement.BindText(first, null).BindText(first + 1, null).BindText(first + 2, null)
        : statement.BindText(first, known.ETag).Bind(first + 1, known.Size).Bind(first + 2, known.Date.ToUnixTimeMilliseconds());

    private static ReadOnlySpan<byte> DetailsOf(ObjectInfo info, KeyEnvelope? envelope = null) =>
        KeyEnvelope.WriteLast(new FieldWriter().WriteDetails(info), envelope).Written;
}
