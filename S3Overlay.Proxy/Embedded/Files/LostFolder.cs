namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>
/// Takes object files that no row names. Nothing is erased because the database does not know it: the database may be what is wrong.
/// </summary>
internal sealed class LostFolder(StoreFolders folders, StoreDisk disk)
{
    /// <summary>The files' names, oldest name first.</summary>
    public IEnumerable<FileId> List()
    {
        if (!Directory.Exists(folders.Lost))
        {
            yield break;
        }

        foreach (var path in Directory.EnumerateFiles(folders.Lost))
        {
            if (FileId.TryParse(Path.GetFileName(path), out var id))
            {
                yield return id;
            }
        }
    }

    public string PathOf(FileId file) => Path.Combine(folders.Lost, file.ToString());

    /// <summary>Moves a stored file here.</summary>
    /// <returns>True if it is gone from its place.</returns>
    public bool TryTake(FileId file) => TryMove(folders.PathOf(file), PathOf(file));

    /// <summary>Moves a file back to its place.</summary>
    /// <returns>True if it is there.</returns>
    public bool TryGiveBack(FileId file)
    {
        Directory.CreateDirectory(folders.FolderOf(file));
        return TryMove(PathOf(file), folders.PathOf(file));
    }

    /// <summary>Takes over the dated folders that earlier versions put such files into.</summary>
    public void TakeOver(string dated)
    {
        if (!Directory.Exists(dated))
        {
            return;
        }

        foreach (var path in Directory.EnumerateFiles(dated, "*", SearchOption.AllDirectories))
        {
            TryMove(path, Path.Combine(folders.Lost, Path.GetFileName(path)));
        }

        Directory.Delete(dated, recursive: true);
    }

    /// <summary>Deletes all files.</summary>
    /// <returns>How many there were.</returns>
    public long Empty()
    {
        var files = List().ToList();
        foreach (var file in files)
        {
            disk.Remove(PathOf(file));
        }

        return files.Count;
    }

    private bool TryMove(string from, string to)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            disk.Move(from, to);
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
}
