using System.Text;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>The statements of the store's database. None is built from text of a request.</summary>
internal static class Sql
{
    /// <summary>The columns of an object or version, as <see cref="RowReading.ReadObject"/> reads them.</summary>
    private const string ObjectColumns =
        "file, sequence, size, modified, etag, parts, tags, details, base_etag, base_size, base_modified, version, lock, acl";

    public const string FindObject = "SELECT " + ObjectColumns + " FROM objects WHERE bucket = ?1 AND key = ?2";

    public const string HasObjects = "SELECT 1 FROM objects WHERE bucket = ?1 LIMIT 1";

    public const string ListObjects =
        "SELECT key, size, modified, etag, details, acl FROM objects WHERE bucket = ?1 AND key >= ?2 AND key < ?3 ORDER BY key";

    public const string ListObjectRows =
        "SELECT key, " + ObjectColumns + " FROM objects "
        + "WHERE bucket = ?1 AND key >= ?2 AND key < ?3 ORDER BY key LIMIT ?4";

    public const string WalkObjects =
        "SELECT bucket, key, " + ObjectColumns + " FROM objects "
        + "WHERE (bucket, key) > (?1, ?2) ORDER BY bucket, key LIMIT ?3";

    public const string RetaggedObjects =
        "SELECT bucket, key, sequence, file, tags, acl FROM objects INDEXED BY objects_retagged WHERE is_retagged = 1 "
        + "AND (bucket, key) >= (?1, ?2) ORDER BY bucket, key LIMIT ?3";

    public const string RetaggedVersions =
        "SELECT bucket, key, sequence, file, tags, acl FROM versions INDEXED BY versions_retagged WHERE is_retagged = 1 "
        + "AND (bucket, key, sequence) > (?1, ?2, ?3) ORDER BY bucket, key, sequence LIMIT ?4";

    public const string RelockedObjects =
        "SELECT bucket, key, sequence, file, lock, NULL FROM objects INDEXED BY objects_relocked WHERE is_relocked = 1 "
        + "AND (bucket, key) >= (?1, ?2) ORDER BY bucket, key LIMIT ?3";

    public const string RelockedVersions =
        "SELECT bucket, key, sequence, file, lock, NULL FROM versions INDEXED BY versions_relocked WHERE is_relocked = 1 "
        + "AND (bucket, key, sequence) > (?1, ?2, ?3) ORDER BY bucket, key, sequence LIMIT ?4";

    public const string PutObject =
        "INSERT OR REPLACE INTO objects VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?11, ?12, ?13, ?14, ?15, 0, ?16)";

    public const string DeleteObject = "DELETE FROM objects WHERE bucket = ?1 AND key = ?2";

    public const string Tag = "UPDATE objects SET tags = ?4, is_retagged = 1 WHERE bucket = ?1 AND key = ?2 AND file = ?3";

    public const string Lock = "UPDATE objects SET lock = ?4, is_relocked = 1 WHERE bucket = ?1 AND key = ?2 AND file = ?3";

    public const string LockVersion = "UPDATE versions SET lock = ?4, is_relocked = 1 WHERE bucket = ?1 AND key = ?2 AND file = ?3";

    public const string Versions = "SELECT " + ObjectColumns + " FROM versions WHERE bucket = ?1 AND key = ?2 ORDER BY sequence DESC";

    public const string OlderVersions =
        "SELECT " + ObjectColumns + " FROM versions WHERE bucket = ?1 AND key = ?2 AND sequence < ?3 ORDER BY sequence DESC LIMIT ?4";

    public const string FindVersion = "SELECT " + ObjectColumns + " FROM versions WHERE bucket = ?1 AND key = ?2 AND sequence = ?3";

    public const string FindNullVersion =
        "SELECT " + ObjectColumns + " FROM versions INDEXED BY versions_null WHERE bucket = ?1 AND key = ?2 AND version IS NULL";

    public const string NewestVersion =
        "SELECT " + ObjectColumns + " FROM versions WHERE bucket = ?1 AND key = ?2 ORDER BY sequence DESC LIMIT 1";

    public const string HasVersions = "SELECT 1 FROM versions WHERE bucket = ?1 LIMIT 1";

    public const string ListVersions =
        "SELECT key, " + ObjectColumns + " FROM objects WHERE bucket = ?1 AND key >= ?2 AND key < ?3 UNION ALL "
        + "SELECT key, " + ObjectColumns + " FROM versions WHERE bucket = ?1 AND key >= ?2 AND key < ?3 ORDER BY key, sequence DESC";

    public const string WalkVersions =
        "SELECT bucket, key, " + ObjectColumns + " FROM versions WHERE (bucket, key, -sequence) > (?1, ?2, -?3) "
        + "ORDER BY bucket, key, sequence DESC LIMIT ?4";

    public const string Markers =
        "SELECT bucket, key, " + ObjectColumns + " FROM versions INDEXED BY versions_markers WHERE parts = -1 "
        + "AND (bucket, key, sequence) > (?1, ?2, ?3) ORDER BY bucket, key, sequence LIMIT ?4";

    public const string PutVersion =
        "INSERT OR REPLACE INTO versions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?11, ?12, ?13, ?14, ?15, 0, ?16)";

    public const string DeleteVersion = "DELETE FROM versions WHERE bucket = ?1 AND key = ?2 AND sequence = ?3";

    public const string ObjectToVersions = "INSERT OR REPLACE INTO versions SELECT * FROM objects WHERE bucket = ?1 AND key = ?2";

    public const string VersionToObjects =
        "INSERT OR REPLACE INTO objects SELECT * FROM versions WHERE bucket = ?1 AND key = ?2 AND sequence = ?3";

    public const string TagVersion = "UPDATE versions SET tags = ?4, is_retagged = 1 WHERE bucket = ?1 AND key = ?2 AND file = ?3";

    public const string SetAcl = "UPDATE objects SET acl = ?4, is_retagged = 1 WHERE bucket = ?1 AND key = ?2 AND file = ?3";

    public const string SetVersionAcl = "UPDATE versions SET acl = ?4, is_retagged = 1 WHERE bucket = ?1 AND key = ?2 AND file = ?3";

    public const string FindTombstone =
        "SELECT sequence, made, base_etag, base_size, base_modified, marker, over FROM tombstones WHERE bucket = ?1 AND key = ?2";

    public const string ListTombstones =
        "SELECT key, sequence, made, base_etag, base_size, base_modified, marker, over FROM tombstones "
        + "WHERE bucket = ?1 AND key >= ?2 AND key < ?3 ORDER BY key LIMIT ?4";

    public const string NextTombstoneBucket = "SELECT bucket FROM tombstones WHERE bucket > ?1 ORDER BY bucket LIMIT 1";

    public const string PutTombstone = "INSERT OR REPLACE INTO tombstones VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

    public const string DeleteTombstone = "DELETE FROM tombstones WHERE bucket = ?1 AND key = ?2";

    public const string CountPurged = "SELECT count(*) FROM tombstones WHERE bucket = ?1 AND sequence < ?2";

    public const string Purge = "DELETE FROM tombstones WHERE bucket = ?1 AND sequence < ?2";

    public const string Buckets = "SELECT name, is_there, is_opaque, created, region, purged, versioning, tags, documents FROM buckets";

    public const string PutBucket = "INSERT OR REPLACE INTO buckets VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

    public const string DeleteBucket = "DELETE FROM buckets WHERE name = ?1";

    public const string FindUpload = "SELECT record FROM uploads WHERE id = ?1";

    public const string ListUploads =
        "SELECT key, id, record FROM uploads INDEXED BY uploads_by_key "
        + "WHERE bucket = ?1 AND (key, id) > (?2, ?3) AND key < ?4 ORDER BY key, id";

    public const string AllUploads = "SELECT record FROM uploads";

    public const string PutUpload = "INSERT OR REPLACE INTO uploads VALUES (?1, ?2, ?3, ?4)";

    public const string DeleteUpload = "DELETE FROM uploads WHERE id = ?1";

    public const string FindPart =
        "SELECT number, file, sequence, size, modified, etag, details FROM parts WHERE upload = ?1 AND number = ?2";

    public const string ListParts =
        "SELECT number, file, sequence, size, modified, etag, details FROM parts "
        + "WHERE upload = ?1 AND number > ?2 ORDER BY number LIMIT ?3";

    public const string PutPart = "INSERT OR REPLACE INTO parts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

    public const string DeleteParts = "DELETE FROM parts WHERE upload = ?1";

    public const string FindCompleted = "SELECT record FROM completed WHERE upload = ?1";

    public const string OldCompleted = "SELECT upload FROM completed WHERE at <= ?1 LIMIT ?2";

    public const string PutCompleted = "INSERT OR REPLACE INTO completed VALUES (?1, ?2, ?3)";

    public const string DeleteCompleted = "DELETE FROM completed WHERE upload = ?1";

    public const string Removals = "SELECT file, bucket, key, sequence, is_manifest FROM removals";

    public const string HasRemoval = "SELECT 1 FROM removals WHERE file = ?1";

    public const string PutRemoval = "INSERT OR IGNORE INTO removals VALUES (?1, ?2, ?3, ?4, ?5)";

    public const string DeleteRemoval = "DELETE FROM removals WHERE file = ?1";

    public const string State = "SELECT segment, offset, sequence, tombstones FROM state";

    public const string PutState = "UPDATE state SET segment = ?1, offset = ?2, sequence = ?3, tombstones = ?4";

    /// <summary>Sorts behind every UTF-8 byte, so a prefix followed by this sorts behind all its keys.</summary>
    public static ReadOnlySpan<byte> AfterAll => [0xFF];

    /// <summary>A key followed by this is the next possible key.</summary>
    public static ReadOnlySpan<byte> Zero => [0];

    /// <summary>The scripts of the schema's versions.</summary>
    public static IReadOnlyList<string> Schema { get; } =
        [.. Enumerable.Range(1, 6).Select(static version => ReadScript($"store-{version}.sql"))];

    /// <summary>A script that is embedded in the program.</summary>
    public static string ReadScript(string name)
    {
        using var stream = typeof(Sql).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
