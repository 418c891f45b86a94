using System.Globalization;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>
/// Takes files with content that no row names: one folder per start that finds any. The store does not use them again, and removes a folder
/// after 30 days. Users may remove it at any time.
/// </summary>
internal sealed class AsideFolder(StoreFolders folders, StoreDisk disk, DateTimeOffset now)
{
    private const string Format = "yyyyMMdd'T'HHmmss'Z'";

    private static readonly TimeSpan Life = TimeSpan.FromDays(30);

    /// <summary>The folder of this start, created with its first file.</summary>
    public string Path { get; } = System.IO.Path.Combine(folders.Aside, now.ToString(Format, CultureInfo.InvariantCulture));

    /// <summary>Moves a stored file here.</summary>
    /// <returns>True if it is gone from its place.</returns>
    public bool TryTake(FileId file)
    {
        try
        {
            Directory.CreateDirectory(Path);
            disk.Move(folders.PathOf(file), System.IO.Path.Combine(Path, file.ToString()));
            return true;
        }
        catch (FileNotFoundException)
        {
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Removes old folders. A folder with any other name is left alone.</summary>
    public static void RemoveOld(StoreFolders folders, StoreDisk disk, DateTimeOffset now)
    {
        if (!Directory.Exists(folders.Aside))
        {
            return;
        }

        foreach (var folder in Directory.EnumerateDirectories(folders.Aside))
        {
            if (DateTimeOffset.TryParseExact(System.IO.Path.GetFileName(folder), Format, CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal, out var made)
                && made + Life < now
                && Directory.EnumerateFiles(folder).ToList().TrueForAll(disk.Delete))
            {
                Directory.Delete(folder);
            }
        }
    }
}
