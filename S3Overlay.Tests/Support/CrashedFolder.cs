namespace S3Overlay.Tests.Support;

/// <summary>The folder of a killed process, as the next process finds it.</summary>
internal static class CrashedFolder
{
    /// <summary>
    /// Copies the current state of the disk, even during writes. Leaves out locks, which end with their process. Keeps dates, because a
    /// start may use them.
    /// </summary>
    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories)
            .Where(static file => Path.GetFileName(file) != "LOCK"))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            try
            {
                using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                using var copy = File.Create(target);
                source.CopyTo(copy);
                copy.Flush();
                File.SetLastWriteTimeUtc(copy.SafeFileHandle, File.GetLastWriteTimeUtc(source.SafeFileHandle));
            }
            catch (FileNotFoundException)
            {
                // Deleted in the background during the copy.
            }
        }
    }
}
