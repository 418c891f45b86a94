using System.Security.Cryptography;
using System.Text;

using S3Overlay.Proxy.Embedded.Index;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>Where things are in the data folder.</summary>
internal sealed class StoreFolders(string root)
{
    private readonly bool[] _made = new bool[256];

    /// <summary>The data folder.</summary>
    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>Object, manifest and part files, in 256 folders.</summary>
    public string Objects => Path.Combine(Root, "objects");

    /// <summary>Files being written. Whatever is here when the store opens was never acknowledged.</summary>
    public string Incoming => Path.Combine(Root, "incoming");

    /// <summary>One file a bucket.</summary>
    public string Buckets => Path.Combine(Root, "buckets");

    /// <summary>One file an open multipart upload.</summary>
    public string Uploads => Path.Combine(Root, "uploads");

    /// <summary>The log of deletes.</summary>
    public string Deletes => Path.Combine(Root, "deletes");

    /// <summary>The index: may be thrown away.</summary>
    public string IndexFolder => Path.Combine(Root, "index");

    /// <summary>Files that nothing names, and that may hold something written.</summary>
    public string Aside => Path.Combine(Root, "aside");

    /// <summary>Up to where numbers of writes and deletes are given away.</summary>
    public string Sequence => Path.Combine(Root, "SEQUENCE");

    /// <summary>The format's version.</summary>
    public string Format => Path.Combine(Root, "FORMAT");

    /// <summary>What the owning process holds locked.</summary>
    public string Lock => Path.Combine(Root, "LOCK");

    /// <summary>There while the store is closed in order.</summary>
    public string Clean => Path.Combine(Root, "CLEAN");

    /// <summary>Room that is kept for deletes.</summary>
    public string Reserve => Path.Combine(Root, "RESERVE");

    /// <summary>There once the index was found damaged, so that the next start builds it again.</summary>
    public string RebuildMark => Path.Combine(Root, "REBUILD");

    /// <summary>
    /// Whether a name in the data folder is one that the store, the cache beside it, or the file system itself puts there.
    /// </summary>
    public bool IsOwn(string name) =>
        name is "cache" or "lost+found"
        || ((string[])[Objects, Incoming, Buckets, Uploads, Deletes, IndexFolder, Aside, Sequence, Format, Format + ".new", Lock, Clean,
            Reserve, RebuildMark]).Contains(Path.Combine(Root, name));

    /// <summary>The folder a file belongs into.</summary>
    public string FolderOf(FileId id) => Path.Combine(Objects, id.ToString()[..2]);

    /// <summary>Makes the folder a file belongs into, where no file was put there yet. Returns once its name is on disk.</summary>
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

    /// <summary>Where a finished file is.</summary>
    public string PathOf(FileId id)
    {
        var name = id.ToString();
        return Path.Combine(Objects, name[..2], name);
    }

    /// <summary>Where a file is while it is written.</summary>
    public string IncomingPathOf(FileId id) => Path.Combine(Incoming, id.ToString());

    /// <summary>A bucket's record. Named by a hash: bucket names may differ by case alone, or be a device's name on Windows.</summary>
    public string BucketPathOf(string bucket) =>
        Path.Combine(Buckets, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(bucket)).AsSpan(0, 16)));

    /// <summary>An open upload's record.</summary>
    public string UploadPathOf(string uploadId) => Path.Combine(Uploads, uploadId);

    /// <summary>Makes every folder that is missing.</summary>
    /// <returns>Whether the data folder was new.</returns>
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
