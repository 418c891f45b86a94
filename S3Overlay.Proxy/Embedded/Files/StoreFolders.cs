using System.Security.Cryptography;
using System.Text;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>The paths in the data folder.</summary>
internal sealed class StoreFolders(string root)
{
    private readonly bool[] _made = new bool[256];

    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>Object, manifest and part files, in 256 folders.</summary>
    public string Objects => Path.Combine(Root, "objects");

    /// <summary>Files being written. Whatever is here when the store opens was never acknowledged.</summary>
    public string Incoming => Path.Combine(Root, "incoming");

    /// <summary>One file per bucket.</summary>
    public string Buckets => Path.Combine(Root, "buckets");

    /// <summary>One file per open multipart upload.</summary>
    public string Uploads => Path.Combine(Root, "uploads");

    public string Deletes => Path.Combine(Root, "deletes");

    /// <summary>The index, which can be rebuilt.</summary>
    public string IndexFolder => Path.Combine(Root, "index");

    /// <summary>Files that no row names, and that may have content.</summary>
    public string Aside => Path.Combine(Root, "aside");

    /// <summary>The highest reserved number of writes and deletes.</summary>
    public string Sequence => Path.Combine(Root, "SEQUENCE");

    public string Format => Path.Combine(Root, "FORMAT");

    /// <summary>Locked by the owning process.</summary>
    public string Lock => Path.Combine(Root, "LOCK");

    /// <summary>Exists after a clean shutdown.</summary>
    public string Clean => Path.Combine(Root, "CLEAN");

    /// <summary>Disk space reserved for deletes.</summary>
    public string Reserve => Path.Combine(Root, "RESERVE");

    /// <summary>Exists once the index was found damaged, so that the next start rebuilds it.</summary>
    public string RebuildMark => Path.Combine(Root, "REBUILD");

    /// <summary>True for names that the store, the cache beside it, or the file system itself creates in the data folder.</summary>
    public bool IsOwn(string name) =>
        name is "cache" or "lost+found"
        || ((string[])[Objects, Incoming, Buckets, Uploads, Deletes, IndexFolder, Aside, Sequence, Format, Format + ".new", Lock, Clean,
            Reserve, RebuildMark]).Contains(Path.Combine(Root, name));

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

    /// <summary>A bucket record's path. Named by a hash: bucket names may differ only in case, or be device names on Windows.</summary>
    public string BucketPathOf(string bucket) =>
        Path.Combine(Buckets, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(bucket)).AsSpan(0, 16)));

    public string UploadPathOf(string uploadId) => Path.Combine(Uploads, uploadId);

    /// <summary>Creates all missing folders.</summary>
    /// <returns>True if the data folder was new.</returns>
    public bool Create()
    {
        var isNew = !Directory.Exists(Objects);
        foreach (var folder in (string[])[Root, Objects, Incoming, Buckets, Uploads, Deletes])
        {
            Directory.CreateDirectory(folder);
        }

        return isNew;
    }
}
