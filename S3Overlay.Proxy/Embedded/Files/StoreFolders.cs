using System.Security.Cryptography;
using System.Text;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>Where things are in the data folder.</summary>
internal sealed class StoreFolders(string root)
{
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
    public string Index => Path.Combine(Root, "index");

    /// <summary>The format's version.</summary>
    public string Format => Path.Combine(Root, "FORMAT");

    /// <summary>What the owning process holds locked.</summary>
    public string Lock => Path.Combine(Root, "LOCK");

    /// <summary>There while the store is closed in order.</summary>
    public string Clean => Path.Combine(Root, "CLEAN");

    /// <summary>There once the index was found damaged, so that the next start builds it again.</summary>
    public string RebuildMark => Path.Combine(Root, "REBUILD");

    /// <summary>The folder a file belongs into.</summary>
    public string FolderOf(FileId id) => Path.Combine(Objects, id.ToString()[..2]);

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
        foreach (var folder in (string[])[Root, Incoming, Buckets, Uploads, Deletes])
        {
            Directory.CreateDirectory(folder);
        }

        for (var i = 0; i < 256; i++)
        {
            Directory.CreateDirectory(Path.Combine(Objects, i.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));
        }

        return isNew;
    }
}
