using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.House;

/// <summary>docs/architecture.md lists the proxy's folders: all of them, and no others.</summary>
public sealed partial class ArchitecturePageTests
{
    /// <summary>Folders that their parent's row covers.</summary>
    private static readonly HashSet<string> Within = ["Overlay/Layers/Blocks", "Hosting/Commands/Admin"];

    [Fact]
    public void Every_folder_of_the_proxy_is_named_and_every_named_folder_is_there()
    {
        var root = Path.Combine(Repository.Root, "S3Overlay.Proxy");
        var there = Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(root, Path.GetDirectoryName(file)!).Replace('\\', '/'))
            .Where(folder => folder != "." && folder.Split('/')[0] is not ("bin" or "obj") && !Within.Contains(folder))
            .ToHashSet();
        var named = Folder().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "architecture.md")))
            .Select(row => row.Groups[1].Value).ToHashSet();

        Assert.True(there.Count > 30, $"{there.Count} folders were found.");
        Assert.Empty(there.Except(named));
        Assert.Empty(named.Except(there));
    }

    [GeneratedRegex(@"^\| `S3Overlay\.Proxy/([\w/]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Folder();
}
