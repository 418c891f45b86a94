using System.Diagnostics;
using System.Xml.Linq;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Shipping;

/// <summary>The package S3Overlay.Testing in a project that has nothing else of this repository.</summary>
public sealed class TestingPackageTests
{
    [PackageFact]
    public async Task The_example_of_its_readme_runs_in_a_project_of_its_own()
    {
        using var folder = new TemporaryFolder();
        var example = Path.Combine(Repository.Root, "S3Overlay.Tests", "TestingPackage", "ReportTests.cs");
        File.Copy(example, folder["ReportTests.cs"]);
        var package = Assert.Single(Directory.GetFiles(PackageFactAttribute.Folder!, "S3Overlay.Testing.*.nupkg"));
        var version = Path.GetFileNameWithoutExtension(package)["S3Overlay.Testing.".Length..];
        await File.WriteAllTextAsync(folder["Shop.Tests.csproj"], $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <RestoreAdditionalProjectSources>{Path.GetFullPath(PackageFactAttribute.Folder!)}</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{folder["packages"]}</RestorePackagesPath>
                <RestoreFallbackFolders>{FeedCache}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="S3Overlay.Testing" Version="{version}" />
                {string.Concat(((string[])["Microsoft.NET.Test.Sdk", "xunit", "xunit.runner.visualstudio"]).Select(Reference))}
              </ItemGroup>
            </Project>
            """);

        using var test = Process.Start(new ProcessStartInfo("dotnet", ["test", folder["Shop.Tests.csproj"], "--nologo"])
            { RedirectStandardOutput = true, WorkingDirectory = folder.Path })!;
        var output = await test.StandardOutput.ReadToEndAsync();
        await test.WaitForExitAsync();

        Assert.True(test.ExitCode == 0, output);
        Assert.Contains("Passed:     3", output, StringComparison.Ordinal);
    }

    /// <summary>What this repository restored before: only the package itself is new.</summary>
    private static string FeedCache => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static string Reference(string package)
    {
        var version = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props")).Descendants("PackageVersion")
            .Single(row => (string?)row.Attribute("Include") == package).Attribute("Version")!.Value;
        return $"<PackageReference Include=\"{package}\" Version=\"{version}\" />";
    }
}
