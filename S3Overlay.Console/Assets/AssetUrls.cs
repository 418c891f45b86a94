using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;

namespace S3Overlay.WebConsole.Assets;

/// <summary>The files in this assembly, compressed by the build, and their URLs, which change with their contents.</summary>
internal static class AssetUrls
{
    /// <summary>The script of FluentUI's components.</summary>
    public const string FluentUI =
        "_content/Microsoft.FluentUI.AspNetCore.Components/Microsoft.FluentUI.AspNetCore.Components.lib.module.js";

    /// <summary>The script of Blazor.</summary>
    public const string Blazor = "_framework/blazor.web.js";

    private const string FluentStyles =
        "_content/Microsoft.FluentUI.AspNetCore.Components/Microsoft.FluentUI.AspNetCore.Components.bundle.scp.css";

    private const string Prefix = "assets/";
    private const string Suffix = ".gz";

    private static readonly Assembly Own = typeof(AssetUrls).Assembly;

    private static readonly FrozenDictionary<string, Asset> All = ReadAll().ToFrozenDictionary(
        static asset => asset.Path, StringComparer.Ordinal);

    /// <summary>The styles of the layout and of all pages: one file, whose name says nothing of the pages that there are.</summary>
    public const string Console = "console.css";

    /// <summary>The URL of a file: <c>console.css</c>, <c>Pages/Browse/browse.js</c>.</summary>
    public static string Of(string path) => All.TryGetValue(path, out var asset) ? $"/{path}?v={asset.Version}"
        : throw new ArgumentException($"There is no file {path}. There are: {string.Join(", ", All.Keys)}.", nameof(path));

    /// <summary>All styles, in order.</summary>
    public static IEnumerable<string> Styles { get; } = [Of(FluentStyles), Of(Console)];

    /// <summary>Finds a file; null if there is none.</summary>
    public static Asset? Find(string path) => All.GetValueOrDefault(path);

    private static IEnumerable<Asset> ReadAll()
    {
        var files = Own.GetManifestResourceNames().Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(static name => Asset.Read(name[Prefix.Length..^Suffix.Length], Own.GetManifestResourceStream(name)!)).ToList();
        var own = files.Where(static file => file.Path.EndsWith(".css", StringComparison.Ordinal) && file.Path != FluentStyles)
            .OrderBy(static file => file.Path, StringComparer.Ordinal).ToList();
        return files.Except(own).Append(Asset.Join(Console, own));
    }
}

/// <summary>A file of the console.</summary>
/// <param name="Path">Its path, without a slash at the start.</param>
/// <param name="Content">Its bytes, compressed with gzip.</param>
/// <param name="Version">A hash of it.</param>
/// <param name="Type">Its content type.</param>
internal sealed record Asset(string Path, byte[] Content, string Version, string Type)
{
    /// <summary>Reads one.</summary>
    public static Asset Read(string path, Stream resource)
    {
        using var memory = new MemoryStream();
        using (resource)
        {
            resource.CopyTo(memory);
        }

        return Of(path, memory.ToArray());
    }

    /// <summary>Several files as one.</summary>
    public static Asset Join(string path, IEnumerable<Asset> files)
    {
        using var memory = new MemoryStream();
        using (var joined = new GZipStream(memory, CompressionLevel.Optimal, leaveOpen: true))
        {
            foreach (var file in files)
            {
                using var content = file.Open();
                content.CopyTo(joined);
            }
        }

        return Of(path, memory.ToArray());
    }

    /// <summary>Its bytes as they were before the build compressed them.</summary>
    public Stream Open() => new GZipStream(new MemoryStream(Content, writable: false), CompressionMode.Decompress);

    private static Asset Of(string path, byte[] content) =>
        new(path, content, Convert.ToHexStringLower(SHA256.HashData(content)[..8]), TypeOf(path));

    private static string TypeOf(string path) => System.IO.Path.GetExtension(path) switch
    {
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".woff2" => "font/woff2",
        _ => "application/octet-stream",
    };
}
