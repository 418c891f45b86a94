using System.Text.RegularExpressions;
using System.Xml.Linq;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.TestingPackage;

/// <summary>What the package S3Overlay.Testing consists of.</summary>
public sealed partial class PackageTests
{
    /// <summary>Packages that only the proxy's commands need, which no test runs.</summary>
    private static readonly string[] OfCommands = ["DiffPlex", "System.CommandLine", "Spectre.Console"];

    /// <summary>The example is one of the tests of this project, so it compiles and runs.</summary>
    [Fact]
    public void The_example_in_the_readme_is_a_test_that_runs()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "S3Overlay.Testing", "README.md"));
        var example = File.ReadAllText(Path.Combine(Repository.Root, "S3Overlay.Tests", "TestingPackage", "ReportTests.cs"));

        Assert.Equal(example.Trim(), CSharp().Match(readme).Groups[1].Value.Trim());
    }

    /// <summary>The package contains the proxy's assembly, so it has to name the packages that this needs.</summary>
    [Fact]
    public void It_names_the_packages_of_the_proxy()
    {
        var needed = References("S3Overlay.Proxy").Except(OfCommands).ToHashSet();

        Assert.NotEmpty(needed);
        Assert.Empty(needed.Except(References("S3Overlay.Testing")));
    }

    private static IEnumerable<string> References(string project) =>
        XDocument.Load(Path.Combine(Repository.Root, project, $"{project}.csproj")).Descendants("PackageReference")
            .Select(reference => (string)reference.Attribute("Include")!);

    [GeneratedRegex("```csharp\n(.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex CSharp();
}
