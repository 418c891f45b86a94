using System.Globalization;
using System.Text;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>The file with a data folder's layout version, which also identifies it as a data folder.</summary>
internal static class FormatFile
{
    /// <summary>The layout that this code writes and reads. Version 1 is brought to it at the start.</summary>
    public const uint Version = 2;

    /// <summary>Records in files of their own, and an index of its own in place of the database.</summary>
    public const uint OldVersion = 1;

    private const string Prefix = "s3overlay-store ";

    /// <summary>A longer file is not ours.</summary>
    private const int Longest = 64;

    /// <summary>Refuses a folder of another version; writes the file in a new one.</summary>
    /// <returns>The folder's version.</returns>
    /// <exception cref="StoreUnavailableException">The version is unknown here.</exception>
    public static uint Check(StoreFolders folders, StoreDisk disk)
    {
        if (File.Exists(folders.Format))
        {
            return RequireKnown(folders);
        }

        Write(folders, disk);
        return Version;
    }

    /// <summary>Records that the folder has this version.</summary>
    public static void Write(StoreFolders folders, StoreDisk disk)
    {
        var aside = folders.Format + ".new";
        disk.Delete(aside);
        using (var file = disk.Create(aside))
        {
            disk.Write(file, Encoding.ASCII.GetBytes(Prefix + Version.ToString(CultureInfo.InvariantCulture) + "\n"), 0);
            disk.Sync(file);
        }

        disk.Move(aside, folders.Format);
    }

    /// <summary>Refuses a folder of another version. Changes nothing.</summary>
    /// <returns>The folder's version.</returns>
    /// <exception cref="StoreUnavailableException">The version is unknown here, or the file is damaged.</exception>
    public static uint RequireKnown(StoreFolders folders)
    {
        if (!File.Exists(folders.Format))
        {
            return Version;
        }

        var text = Read(folders.Format);
        if (!text.StartsWith(Prefix, StringComparison.Ordinal) || !uint
            .TryParse(text.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var version))
        {
            throw new StoreUnavailableException(
                $"The file {folders.Format} is damaged: it does not say which version of the store the folder has. "
                + $"If the folder is S3Overlay's, write the line \"{Prefix}{Version}\" into it; "
                + "otherwise set S3_OVERLAY_DATA_DIR to another folder.") { IsDamage = true };
        }

        if (version is not (Version or OldVersion))
        {
            throw new StoreUnavailableException(
                $"The data folder {folders.Root} has version {version} of the store, "
                + $"and this program knows version {Version}. "
                + "Use the program that created it, or set S3_OVERLAY_DATA_DIR to another folder.");
        }

        return version;
    }

    /// <summary>The file's text; empty if it is too long to be ours.</summary>
    private static string Read(string path)
    {
        using var file = File.OpenRead(path);
        var bytes = new byte[Longest + 1];
        var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return length > Longest ? "" : Encoding.Latin1.GetString(bytes, 0, length).Trim();
    }
}

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
                $"The folder {folders.Root} is not empty and does not belong to S3Overlay: "
                + $"it contains {string.Join(", ", strangers.Take(Named))}{(strangers.Count > Named ? " and more" : "")}. "
                + "Set S3_OVERLAY_DATA_DIR to a folder for this proxy alone, which may be missing or empty.");
        }
    }
}

/// <summary>The data folder cannot be used; the message says why, and what to do.</summary>
public sealed class StoreUnavailableException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>True if the folder's own content is the reason, and another start would fail the same way.</summary>
    public bool IsDamage { get; init; }
}
