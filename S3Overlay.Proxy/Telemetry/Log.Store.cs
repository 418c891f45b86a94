namespace S3Overlay.Proxy.Telemetry;

/// <summary>What the built-in store says: event ids 5xxx.</summary>
public static partial class Log
{
    /// <summary>A block of a written object does not fit its checksum, or its file is gone.</summary>
    [LoggerMessage(5001, LogLevel.Error,
        "Stored bytes are damaged: {Problem} The object is answered with 500 until it is written anew or deleted; check the disk, and restore the file from a backup")]
    public static partial void StoredBytesDamaged(ILogger logger, string problem, Exception exception);

    /// <summary>Files that should have been removed were not.</summary>
    [LoggerMessage(5002, LogLevel.Warning, "Files of the replaced object {File} stay on disk until the next start")]
    public static partial void FilesLeftBehind(ILogger logger, string file, Exception exception);

    /// <summary>The index is being built from the object files.</summary>
    [LoggerMessage(5003, LogLevel.Warning, "The index in {Folder} is {Reason}: it is being built again from the stored files")]
    public static partial void IndexRebuildStarted(ILogger logger, string folder, string reason);

    /// <summary>How far that is.</summary>
    [LoggerMessage(5004, LogLevel.Information, "Building the index: {Files} files read")]
    public static partial void IndexRebuildProgress(ILogger logger, long files);

    /// <summary>It is done.</summary>
    [LoggerMessage(5005, LogLevel.Warning,
        "The index is built: {Objects} objects, {Parts} parts of open uploads, {Unreadable} unreadable files left where they are, {Orphans} replaced or deleted files removed")]
    public static partial void IndexRebuildFinished(ILogger logger, long objects, long parts, long unreadable, long orphans);

    /// <summary>A file of the store cannot be read.</summary>
    [LoggerMessage(5006, LogLevel.Error, "The stored file {File} cannot be read and is left where it is: {Problem}")]
    public static partial void StoredFileUnreadable(ILogger logger, string file, string problem);

    /// <summary>After a crash, files were looked for that nothing names.</summary>
    [LoggerMessage(5007, LogLevel.Information, "After an unclean end, {Orphans} of {Files} stored files belonged to nothing and were removed")]
    public static partial void OrphansRemoved(ILogger logger, long orphans, long files);

    /// <summary>Work in the background failed; it is tried again at the next start.</summary>
    [LoggerMessage(5008, LogLevel.Warning, "Tidying the store failed; it is tried again at the next start")]
    public static partial void TidyingFailed(ILogger logger, Exception exception);

    /// <summary>The index is damaged while it is in use.</summary>
    [LoggerMessage(5009, LogLevel.Critical, "The store's index is damaged. Restart: it is then built again from the stored files")]
    public static partial void IndexDamaged(ILogger logger, Exception exception);

    /// <summary>An index could not be brought to disk: what it holds in memory grows until it can.</summary>
    [LoggerMessage(5010, LogLevel.Error, "The index in {Folder} cannot be written and is kept in memory and its journal until it can be: is the disk full?")]
    public static partial void IndexNotFlushed(ILogger logger, string folder, Exception exception);
}
