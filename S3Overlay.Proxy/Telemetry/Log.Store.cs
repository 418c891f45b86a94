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

    /// <summary>The index is being rebuilt from the object files.</summary>
    [LoggerMessage(5003, LogLevel.Warning, "The index in {Folder} is {Reason}: it is being rebuilt from the stored files")]
    public static partial void IndexRebuildStarted(ILogger logger, string folder, string reason);

    /// <summary>Progress of the rebuild.</summary>
    [LoggerMessage(5004, LogLevel.Information, "Building the index: {Files} files read")]
    public static partial void IndexRebuildProgress(ILogger logger, long files);

    /// <summary>The rebuild is done.</summary>
    [LoggerMessage(5005, LogLevel.Warning,
        "The index is rebuilt: {Objects} objects, {Parts} parts of open uploads, {Unreadable} unreadable files left in place, {Orphans} "
        + "replaced or deleted files removed")]
    public static partial void IndexRebuildFinished(ILogger logger, long objects, long parts, long unreadable, long orphans);

    /// <summary>A stored file cannot be read.</summary>
    [LoggerMessage(5006, LogLevel.Error, "The stored file {File} cannot be read and is left where it is: {Problem}")]
    public static partial void StoredFileUnreadable(ILogger logger, string file, string problem);

    /// <summary>Orphaned files were found.</summary>
    [LoggerMessage(5007, LogLevel.Warning,
        "{Orphans} of {Files} stored files belong to nothing and were set aside in {Folder}: most likely the end of the last process "
        + "interrupted writes or removals. The folder is removed after 30 days. If you miss an object, stop the proxy, move the files "
        + "back to {Objects}/<first two digits of the name>/, create an empty file named REBUILD in the data folder, and start again")]
    public static partial void OrphansSetAside(ILogger logger, long orphans, long files, string folder, string objects);

    /// <summary>Background cleanup failed; it is retried at the next start.</summary>
    [LoggerMessage(5008, LogLevel.Warning, "Tidying the store failed; it is tried again at the next start")]
    public static partial void TidyingFailed(ILogger logger, Exception exception);

    /// <summary>The index is damaged while it is in use.</summary>
    [LoggerMessage(5009, LogLevel.Critical, "The store's index is damaged. Restart: it is then built again from the stored files")]
    public static partial void IndexDamaged(ILogger logger, Exception exception);

    /// <summary>An index could not be written to disk. Its memory use grows until it can.</summary>
    [LoggerMessage(5010, LogLevel.Error,
        "The index in {Folder} cannot be written and is kept in memory and its journal until it can be: is the disk full?")]
    public static partial void IndexNotFlushed(ILogger logger, string folder, Exception exception);

    /// <summary>A file of the index is damaged.</summary>
    [LoggerMessage(5011, LogLevel.Warning, "{Problem} Nothing of what was written is lost by that. Check the disk")]
    public static partial void IndexFileDamaged(ILogger logger, string problem);

    /// <summary>The last record of a journal, or of the log of deletes, is incomplete.</summary>
    [LoggerMessage(5012, LogLevel.Information,
        "The last {Bytes} bytes of {File} are a record that breaks off, as a killed process leaves it, and are cut off")]
    public static partial void JournalTorn(ILogger logger, string file, long bytes);

    /// <summary>The log of deletes is damaged, the index is not.</summary>
    [LoggerMessage(5013, LogLevel.Warning,
        "The log of deletes {File} is damaged at byte {Position}. Its readable part is kept. Deleted objects stay deleted: the index has "
        + "them, and the log is rewritten from it. Check the disk")]
    public static partial void DeleteLogDamaged(ILogger logger, string file, long position);

    /// <summary>The log of deletes is damaged, and so is the index that had its content.</summary>
    [LoggerMessage(5014, LogLevel.Error,
        "The log of deletes {File} cannot be read at byte {Position}, and the index with the same data is being rebuilt. Deletes in "
        + "overlaid buckets and changes of tags recorded there are undone: the remote's objects, or the old tags, may show again. Check "
        + "the disk, and delete such objects again")]
    public static partial void DeletesLost(ILogger logger, string file, long position);
}
