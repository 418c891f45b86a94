using System.Globalization;

namespace S3Overlay.Proxy.Embedded.Held;

/// <summary>Where the files of held copies are: by random number, in 256 folders, so that no folder grows large and no key becomes a path.</summary>
internal sealed class HeldFolder(string root)
{
    private const string Extension = ".held";

    /// <summary>The index's own folder, by its format: files that only an index of an older one names are no longer held.</summary>
    public string Index => Path.Combine(root, "index-2");

    /// <summary>Where the index of the older format was.</summary>
    public string OldIndex => Path.Combine(root, "index");

    private string Files => Path.Combine(root, "files");

    /// <summary>The path of a copy's file.</summary>
    public string PathOf(UInt128 id)
    {
        var name = id.ToString("x32", CultureInfo.InvariantCulture);
        return Path.Combine(Files, name[..2], name + Extension);
    }

    /// <summary>Every copy's file, found while walking.</summary>
    public IEnumerable<(UInt128 Id, string Path)> Enumerate()
    {
        if (!Directory.Exists(Files))
        {
            yield break;
        }

        foreach (var path in Directory.EnumerateFiles(Files, "*" + Extension, SearchOption.AllDirectories))
        {
            if (UInt128.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id))
            {
                yield return (id, path);
            }
        }
    }
}
