namespace S3Overlay.Proxy.Hosting.Demo;

/// <summary>The demo's folder. Each demo empties it; any other folder is left alone.</summary>
internal static class DemoFolder
{
    private const string Mark = "this-is-a-demo-of-s3overlay";

    /// <summary>Empties the folder of an earlier demo, or makes one.</summary>
    /// <exception cref="StartupException">The folder holds something that no demo put there, or cannot be used.</exception>
    public static void MakeFresh(string folder)
    {
        try
        {
            if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            {
                if (!File.Exists(Path.Combine(folder, Mark)))
                {
                    throw new IOException("It is not empty, and was not created by an earlier demo.");
                }

                Directory.Delete(folder, recursive: true);
            }

            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, Mark), "");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw StartupException.FromOpening(failure, folder);
        }
    }
}
