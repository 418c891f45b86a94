namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>The paths in the data folder.</summary>
internal sealed class StoreFolders(string root)
{
    /// <summary>The name of the file with the pins of the cache.</summary>
    public const string PinsName = "PINS";

    private readonly bool[] _made = new bool[256];

    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>Object, manifest and part files, in 256 folders.</summary>
    public string Objects => Path.Combine(Root, "objects");

    /// <summary>Files being written. Whatever is here when the store opens was never acknowledged.</summary>
    public string Incoming => Path.Combine(Root, "incoming");

    /// <summary>The log of all changes, in segments.</summary>
    public string Changes => Path.Combine(Root, "changes");

    /// <summary>The database, which can be rebuilt.</summary>
    public string Database => Path.Combine(Root, "store.db");

    /// <summary>The database while it is being built.</summary>
    public string NewDatabase => Path.Combine(Root, "store.new.db");

    /// <summary>Object files that no row names.</summary>
    public string Lost => Path.Combine(Root, "lost");

    /// <summary>What version 1 had in place of the log and the database.</summary>
    public OldFolders Old => new(Root);

    /// <summary>The highest reserved number of writes and deletes.</summary>
    public string Sequence => Path.Combine(Root, "SEQUENCE");

    public string Format => Path.Combine(Root, "FORMAT");

    /// <summary>Locked by the owning process.</summary>
    public string Lock => Path.Combine(Root, "LOCK");

    /// <summary>Exists after a clean shutdown.</summary>
    public string Clean => Path.Combine(Root, "CLEAN");

    /// <summary>Disk space reserved for deletes.</summary>
    public string Reserve => Path.Combine(Root, "RESERVE");

    /// <summary>Exists once the database was found damaged, so that the next start rebuilds it.</summary>
    public string RebuildMark => Path.Combine(Root, "REBUILD");

    /// <summary>The pins of the cache.</summary>
    public string Pins => Path.Combine(Root, PinsName);

    /// <summary>True for names that the store, the cache beside it, or the file system itself creates in the data folder.</summary>
    public bool IsOwn(string name) =>
        name is "cache" or "lost+found"
        || ((string[])[Objects, Incoming, Changes, Lost, Sequence, Format, Format + ".new", Lock, Clean, Reserve, RebuildMark,
            Pins, Pins + ".new", .. Old.All])
            .Contains(Path.Combine(Root, name))
        || name.StartsWith("store.", StringComparison.Ordinal);

    public string FolderOf(FileId id) => Path.Combine(Objects, id.ToString()[..2]);

    /// <summary>Creates a file's folder if missing. Returns once its name is on disk.</summary>
    public void MakeFolderOf(FileId id, StoreDisk disk)
    {
        var number = (int)(id.High >> 56);
        if (Volatile.Read(ref _made[number]))
        {
            return;
        }

        if (!Directory.Exists(FolderOf(id)))
        {
            Directory.CreateDirectory(FolderOf(id));
            disk.SyncFolder(Objects);
        }

        Volatile.Write(ref _made[number], true);
    }

    /// <summary>A finished file's path.</summary>
    public string PathOf(FileId id)
    {
        var name = id.ToString();
        return Path.Combine(Objects, name[..2], name);
    }

    /// <summary>A file's path while it is written.</summary>
    public string IncomingPathOf(FileId id) => Path.Combine(Incoming, id.ToString());

    /// <summary>Ensures that one process owns the data folder: two writers would each trust their own database.</summary>
    /// <returns>The open lock file. The system releases the lock however the process ends.</returns>
    /// <exception cref="StoreUnavailableException">Another process has it, or the folder cannot be written.</exception>
    public FileStream TakeLock()
    {
        try
        {
            return new FileStream(Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure) when (!StoreDisk.IsFull(failure))
        {
            throw new StoreUnavailableException(
                $"The data folder {Root} is in use by another process. "
                + "Stop that process, or use another folder (S3_OVERLAY_DATA_DIR).", failure);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new StoreUnavailableException($"The data folder {Root} cannot be written (S3_OVERLAY_DATA_DIR).", failure);
        }
    }

    /// <summary>Creates all missing folders.</summary>
    /// <returns>True if the data folder was new.</returns>
    public bool Create()
    {
        var isNew = !Directory.Exists(Objects);
        foreach (var folder in (string[])[Root, Objects, Incoming, Changes])
        {
            Directory.CreateDirectory(folder);
        }

        return isNew;
    }
}

/// <summary>Folders of version 1 of the store, which had records in files of their own and an index of its own.</summary>
internal sealed class OldFolders(string root)
{
    public string Buckets => Path.Combine(root, "buckets");

    public string Uploads => Path.Combine(root, "uploads");

    public string Deletes => Path.Combine(root, "deletes");

    public string Index => Path.Combine(root, "index");

    /// <summary>Dated folders of files that no row named.</summary>
    public string Aside => Path.Combine(root, "aside");

    public string[] All => [Buckets, Uploads, Deletes, Index, Aside];
}
