using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Rows;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>Which part files the versions of a key name. Remembers the manifests of the last key.</summary>
internal sealed class PartsOfKey(StoreFolders folders)
{
    private readonly Dictionary<FileId, HashSet<FileId>?> _manifests = [];
    private (string Bucket, string Key) _name;

    /// <summary>True if a version names the file, or if one has a manifest that cannot be read.</summary>
    public bool MayName(FileId part, string bucket, string key, IEnumerable<ObjectRow> versions)
    {
        if (_name != (bucket, key))
        {
            _name = (bucket, key);
            _manifests.Clear();
        }

        return versions.Where(static row => row.PartCount > 0).Any(row => PartsOf(row.File)?.Contains(part) != false);
    }

    private HashSet<FileId>? PartsOf(FileId manifest)
    {
        if (!_manifests.TryGetValue(manifest, out var parts))
        {
            _manifests[manifest] = parts = StoredFiles.TryReadHeader(folders.PathOf(manifest)) is { } header
                ? [.. header.Parts.Select(static part => part.File)] : null;
        }

        return parts;
    }
}
