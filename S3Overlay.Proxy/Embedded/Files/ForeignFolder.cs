namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>Keeps the store out of folders with foreign data: a home folder, another program's data.</summary>
internal static class ForeignFolder
{
    /// <summary>How many foreign names a message lists.</summary>
    private const int Named = 3;

    /// <summary>
    /// Refuses a folder without our format file that contains anything the store does not create. Hidden files and those of the file system
    /// itself do not count.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The folder has foreign data.</exception>
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
                $"The folder {folders.Root} is not empty and does not belong to S3Overlay: it contains {string.Join(", ", strangers.Take(Named))}{(strangers.Count > Named ? " and more" : "")}. "
                + "Set S3_OVERLAY_DATA_DIR to a folder for this proxy alone, which may be missing or empty.");
        }
    }
}
