namespace S3Overlay.Testing;

/// <summary>A temporary folder that only this user can read.</summary>
internal sealed class TestFolder : IDisposable
{
    private readonly string _path;

    /// <param name="parent">The folder to create it in; null for the system's temporary folder.</param>
    /// <exception cref="S3OverlayException">It cannot be created.</exception>
    public TestFolder(string? parent)
    {
        var path = Path.Combine(Path.GetFullPath(parent ?? Path.GetTempPath()), $"s3overlay-testing-{Guid.NewGuid():n}");
        try
        {
            _path = OperatingSystem.IsWindows() ? Directory.CreateDirectory(path).FullName
                : Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new S3OverlayException(
                $"Folder: {path} cannot be created: {failure.Message} Call Folder with one that this process can write to.", failure);
        }
    }

    /// <summary>The path of a name within it.</summary>
    public string this[string name] => Path.Combine(_path, name);

    /// <summary>Deletes it with its content.</summary>
    public void Dispose() => Delete(_path);

    /// <summary>
    /// Deletes a folder with its content. A virus scanner may hold a file for a moment: what is left is the system's to clean.
    /// </summary>
    public static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
        }
    }
}
