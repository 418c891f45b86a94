using System.Diagnostics;

namespace S3Overlay.AppHost.Tests;

/// <summary><c>aspire-manifest.json</c> at the repository's root is what the application host publishes.</summary>
public sealed class ManifestTests
{
    [Fact]
    public async Task The_manifest_in_the_repository_is_what_is_published()
    {
        // Paths in a manifest are relative to it: it is published beside the one that it is compared with.
        var published = Path.Combine(Repository.Root, $"aspire-manifest.{Guid.NewGuid():n}.json");
        try
        {
            await PublishAsync(published);

            Assert.Equal(
                (await File.ReadAllTextAsync(Path.Combine(Repository.Root, "aspire-manifest.json"))).ReplaceLineEndings().TrimEnd(),
                (await File.ReadAllTextAsync(published)).ReplaceLineEndings().TrimEnd());
        }
        finally
        {
            File.Delete(published);
        }
    }

    private static async Task PublishAsync(string path)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true,
            WorkingDirectory = Repository.Root };
        foreach (var argument in new[] { typeof(Projects.S3Overlay_AppHost).Assembly.Location, "--publisher", "manifest", "--output-path",
            path })
        {
            start.ArgumentList.Add(argument);
        }

        // Variables of the test run must not reach the application host.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("S3Overlay", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("ConnectionStrings", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        Assert.True(File.Exists(path), $"Nothing was published. It said: {await output} {await errors}");
    }
}
