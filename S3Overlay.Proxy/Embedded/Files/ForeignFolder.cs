namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>Keeps the store out of folders that are somebody else's: a home folder, another program's data.</summary>
internal static class ForeignFolder
{
    /// <summary>How many strangers a message names.</summary>
    private const int Named = 3;

    /// <summary>
    /// Refuses a folder without a mark of ours that holds anything the store does not make. Hidden files and those of the file system
    /// itself are no one's data.
    /// </summary>
    /// <exception cref="StoreUnavailableException">It is one.</exception>
    public static void Refuse(StoreFolders folders)
    {
        if (File.Exists(folders.Format) || !Directory.Exists(folders.Root))
        {
            return;
        }

        var strangers = Directory.EnumerateFileSystemEntries(folders.Root).Select(entry => Path.GetFileName(entry))
            .Where(name => !name.StartsWith('.') && !folders.IsOwn(name)).Order(StringComparer.Ordinal).ToList();
        if (strangers.Count > 0)
        {
            throw new StoreUnavailableException(
                $"The folder {folders.Root} is not empty, and not S3Overlay's: it holds {string.Join(", ", strangers.Take(Named))}{(strangers.Count > Named ? " and more" : "")}. "
                + "Set S3_OVERLAY_DATA_DIR to a folder of this proxy's own, which may be missing or empty.");
        }
    }
}
