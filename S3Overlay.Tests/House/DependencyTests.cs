using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.House;

/// <summary>What docs/architecture.md says of who knows whom.</summary>
public sealed partial class DependencyTests
{
    [Theory]
    [InlineData("Concurrency", "")]
    [InlineData("Protocol", "Concurrency Configuration Telemetry")]
    [InlineData("Overlay", "Protocol Concurrency Configuration Telemetry")]
    [InlineData("Administration", "Overlay Protocol Concurrency Configuration Telemetry")]
    [InlineData("Embedded", "Overlay Protocol Concurrency Telemetry")]
    [InlineData("Forwarding", "Overlay Protocol Concurrency Configuration Telemetry")]
    public void A_folder_knows_only_what_is_beneath_it(string folder, string beneath)
    {
        var allowed = beneath.Split(' ').Append(folder).ToHashSet();
        var files = Directory.GetFiles(Path.Combine(Repository.Root, "S3Overlay.Proxy", folder), "*.cs", SearchOption.AllDirectories);
        var others = files.SelectMany(file => Used().Matches(File.ReadAllText(file))
            .Select(used => used.Groups[1].Value)
            .Where(used => !allowed.Contains(used))
            .Select(used => $"{Path.GetFileName(file)} knows {used}"));

        Assert.NotEmpty(files);
        Assert.Empty(others);
    }

    [GeneratedRegex(@"^using (?:static |\w+ = )?S3Overlay\.Proxy\.(\w+)", RegexOptions.Multiline)]
    private static partial Regex Used();
}
