using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>Walks the files of a store folder and reads their headers.</summary>
internal static class StoredFiles
{
    /// <summary>One file.</summary>
    /// <param name="Id">Its name.</param>
    /// <param name="Kind">What it contains.</param>
    /// <param name="Header">Its header.</param>
    public readonly record struct Found(FileId Id, FileKind Kind, FileHeader Header);

    /// <summary>Object, manifest and part files. Unreadable ones are logged, counted and skipped.</summary>
    public static IEnumerable<Found> Objects(StoreFolders folders, ILogger logger, Action<FileId> onUnreadable)
    {
        foreach (var folder in Directory.EnumerateDirectories(folders.Objects))
        {
            foreach (var path in Directory.EnumerateFiles(folder))
            {
                if (!FileId.TryParse(Path.GetFileName(path), out var id))
                {
                    continue;
                }

                if (TryRead(path, logger, out var kind, out var header))
                {
                    yield return new Found(id, kind, header);
                }
                else
                {
                    onUnreadable(id);
                }
            }
        }
    }

    /// <summary>The records of a folder.</summary>
    public static IEnumerable<byte[]> Records(string folder, FileKind kind, ILogger logger)
    {
        foreach (var path in Directory.EnumerateFiles(folder))
        {
            byte[]? record = null;
            try
            {
                using var file = RecordFile.Open(path);
                var (preamble, header) = RecordFile.ReadHeader(file);
                record = preamble.Kind == kind ? header : null;
            }
            catch (Exception failure) when (failure is IOException or InvalidDataException)
            {
                Log.StoredFileUnreadable(logger, path, failure.Message);
            }

            if (record is not null)
            {
                yield return record;
            }
        }
    }

    /// <summary>The header of an object's file; null if it is gone or unreadable, which is logged.</summary>
    public static FileHeader? ReadHeader(string path, ILogger logger) => TryRead(path, logger, out _, out var header) ? header : null;

    /// <summary>The header of a file of an object; null if it is gone or unreadable.</summary>
    public static FileHeader? TryReadHeader(string path)
    {
        try
        {
            return FileHeader.ReadFrom(path);
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            return null;
        }
    }

    private static bool TryRead(string path, ILogger logger, out FileKind kind, out FileHeader header)
    {
        (kind, header) = (default, null!);
        try
        {
            using var file = RecordFile.Open(path);
            var (preamble, bytes) = RecordFile.ReadHeader(file);
            (kind, header) = (preamble.Kind, FileHeader.Read(bytes));
            return true;
        }
        catch (FileNotFoundException)
        {
            // Deleted since the folder was read.
            return false;
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            Log.StoredFileUnreadable(logger, path, failure.Message);
            return false;
        }
    }
}
