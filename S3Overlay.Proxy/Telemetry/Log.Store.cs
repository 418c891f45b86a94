namespace S3Overlay.Proxy.Telemetry;

/// <summary>The built-in store: event ids 5xxx.</summary>
public static partial class Log
{
    /// <summary>A block does not match its checksum, or its file is missing.</summary>
    [LoggerMessage(5001, LogLevel.Error,
        "Stored bytes are damaged: {Problem} Reads of the object fail with 500 until it is overwritten or deleted. Check the disk, and "
        + "restore the file from a backup")]
    public static partial void StoredBytesDamaged(ILogger logger, string problem, Exception exception);

    /// <summary>Files could not be removed.</summary>
    [LoggerMessage(5002, LogLevel.Warning, "Files of the replaced object {File} stay on disk until the next start")]
    public static partial void FilesLeftBehind(ILogger logger, string file, Exception exception);

    /// <summary>The database is being rebuilt from the object files and the log.</summary>
    [LoggerMessage(5003, LogLevel.Warning, "The database {File} is {Reason}: it is being rebuilt from the stored files and the log")]
    public static partial void DatabaseRebuildStarted(ILogger logger, string file, string reason);

    /// <summary>Progress of the rebuild.</summary>
    [LoggerMessage(5004, LogLevel.Information, "Building the database: {Files} files read")]
    public static partial void DatabaseRebuildProgress(ILogger logger, long files);

    /// <summary>The rebuild is done.</summary>
    [LoggerMessage(5005, LogLevel.Warning,
        "The database is rebuilt: {Objects} objects, {Parts} parts of open uploads, {Unreadable} unreadable files left in place, "
        + "{Replaced} replaced or deleted files removed")]
    public static partial void DatabaseRebuilt(ILogger logger, long objects, long parts, long unreadable, long replaced);

    /// <summary>A stored file cannot be read.</summary>
    [LoggerMessage(5006, LogLevel.Error, "The stored file {File} cannot be read and is left where it is: {Problem}")]
    public static partial void StoredFileUnreadable(ILogger logger, string file, string problem);

    /// <summary>Files that no row names were found.</summary>
    [LoggerMessage(5007, LogLevel.Warning,
        "{Orphans} of {Files} stored files belong to nothing and were moved to {Folder}: most likely the end of the last process "
        + "interrupted writes or removals. Stop the proxy and run \"s3overlay check\" to see them")]
    public static partial void OrphansSetAside(ILogger logger, long orphans, long files, string folder);

    /// <summary>Background cleanup failed; it is retried at the next start.</summary>
    [LoggerMessage(5008, LogLevel.Warning, "Tidying the store failed; it is tried again at the next start")]
    public static partial void TidyingFailed(ILogger logger, Exception exception);

    /// <summary>The database is damaged while it is in use.</summary>
    [LoggerMessage(5009, LogLevel.Critical,
        "The store's database is damaged. It is rebuilt from the stored files and the log; until then requests get 503. Check the disk")]
    public static partial void DatabaseDamaged(ILogger logger, Exception exception);

    /// <summary>The disk refuses the database.</summary>
    [LoggerMessage(5010, LogLevel.Error,
        "The store's database cannot be written and stays in its write-ahead log until it can be: is the disk full?")]
    public static partial void DatabaseNotWritten(ILogger logger, Exception exception);

    /// <summary>The database is damaged at the start.</summary>
    [LoggerMessage(5011, LogLevel.Warning, "{Problem} Nothing of what was written is lost by that. Check the disk")]
    public static partial void DatabaseFileDamaged(ILogger logger, string problem);

    /// <summary>The last record of the log is incomplete.</summary>
    [LoggerMessage(5012, LogLevel.Information,
        "The log {File} breaks off at byte {Position} within a record, as a killed process leaves it. The rest is cut off")]
    public static partial void JournalTorn(ILogger logger, string file, long position);

    /// <summary>The log is damaged, the database is not.</summary>
    [LoggerMessage(5013, LogLevel.Warning,
        "The log of changes {File} is damaged at byte {Position}. Nothing is lost by that: the database or the stored files have what it "
        + "said, and the log is written again. Check the disk")]
    public static partial void ChangeLogDamaged(ILogger logger, string file, long position);

    /// <summary>The log is damaged, and so is the database that had its content.</summary>
    [LoggerMessage(5014, LogLevel.Error,
        "The log of changes {File} cannot be read at byte {Position}, and the database with the same data is lost. Deletes and changes of "
        + "tags and buckets recorded there may be undone. Written objects are not affected. Check the disk, and delete such objects again")]
    public static partial void ChangesLost(ILogger logger, string file, long position);

    /// <summary>A wrong bit in the log was corrected.</summary>
    [LoggerMessage(5015, LogLevel.Warning,
        "The log of changes {File} had one wrong bit in the record at byte {Position}. It is corrected. Check the disk")]
    public static partial void ChangeLogCorrected(ILogger logger, string file, long position);

    /// <summary>The rebuild failed.</summary>
    [LoggerMessage(5016, LogLevel.Critical,
        "The store's database could not be rebuilt, and requests keep getting 503. Remove the cause and restart the proxy")]
    public static partial void DatabaseNotRebuilt(ILogger logger, Exception exception);

    /// <summary>An acknowledged object's file is gone or unreadable.</summary>
    [LoggerMessage(5017, LogLevel.Error,
        "The file {File} of the object {Key} in the bucket {Bucket} is missing or unreadable. Reads of the object fail with 500 until it "
        + "is overwritten or deleted. Restore the file from a backup")]
    public static partial void ObjectFileLost(ILogger logger, string bucket, string key, string file);

    /// <summary>A file that belongs to nothing was moved.</summary>
    [LoggerMessage(5018, LogLevel.Warning,
        "The stored file {File} of the object {Key} in the bucket {Bucket} belongs to nothing and is now in {Folder}")]
    public static partial void FileSetAside(ILogger logger, string file, string bucket, string key, string folder);

    /// <summary>A data folder of an older version is converted.</summary>
    [LoggerMessage(5019, LogLevel.Warning,
        "The data folder {Folder} was made by an older version. It is converted now, which may be interrupted. Older versions refuse it "
        + "afterwards")]
    public static partial void MigrationStarted(ILogger logger, string folder);

    /// <summary>A line of the file of pins is damaged.</summary>
    [LoggerMessage(5020, LogLevel.Error,
        "A line of {File} is damaged: one pin of the cache is lost. Compare with \"s3overlay pins\", pin again what is missing, and check "
        + "the disk")]
    public static partial void PinDamaged(ILogger logger, string file);

    /// <summary>The pins in the cache bucket cannot be understood. Logged once until they can.</summary>
    [LoggerMessage(5021, LogLevel.Error,
        "{Problem} Until then, {Count} pins that are known here count, and entries of all others may be evicted")]
    public static partial void PinsDamaged(ILogger logger, string problem, int count);

    /// <summary>A lifecycle removed something.</summary>
    [LoggerMessage(5022, LogLevel.Information, "The lifecycle of the bucket {Bucket} removed {Removed} objects, versions and uploads")]
    public static partial void LifecycleApplied(ILogger logger, string bucket, long removed);

    /// <summary>A lifecycle could not be applied to the end.</summary>
    [LoggerMessage(5023, LogLevel.Warning, "The lifecycle of the bucket {Bucket} could not be applied completely. It is tried again")]
    public static partial void LifecycleFailed(ILogger logger, string bucket, Exception exception);

    /// <summary>The server lacks a key that an object is encrypted with.</summary>
    [LoggerMessage(5024, LogLevel.Error,
        "Objects are encrypted with the key {Name}, which this server does not have, or has with other bytes. Reads of them fail until "
        + "S3_OVERLAY_ENCRYPTION_KEY or S3_OVERLAY_ENCRYPTION_FILE has it again")]
    public static partial void EncryptionKeyMissing(ILogger logger, string name);

    /// <summary>Records of a bucket's log were lost. Logged once per bucket until a log object is written.</summary>
    [LoggerMessage(5025, LogLevel.Warning,
        "Records of the bucket {Bucket} for its log in the bucket {Target} are lost: {Problem}")]
    public static partial void BucketLogLost(ILogger logger, string bucket, string target, string problem);
}
