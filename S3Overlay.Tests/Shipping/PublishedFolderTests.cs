using System.Diagnostics;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Shipping;

/// <summary>
/// What a container runs: the published folder, as a non-root user, with a read-only root file system and one writable volume.
/// </summary>
public sealed class PublishedFolderTests
{
    [PublishedFact]
    public async Task It_runs_as_nobody_with_nothing_to_write_to_but_its_volume()
    {
        using var folder = new TemporaryFolder();
        using var remote = new TemporaryFolder();
        await CopyAsync(PublishedFactAttribute.Folder!, folder["app"]);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Shipping", "confined.sh"), folder["confined.sh"]);
        Directory.CreateDirectory(folder["home"]);
        await RunAsync("chmod", "-R", "a+rX", folder.Path);
        await RunAsync("chown", "65534:65534", folder["home"]);
        await using var origin = await ProxyProcess.StartAsync(remote["data"]);
        var theirs = new SignedHttp(origin.Endpoint);
        await theirs.SendAsync("PUT", "/bucket");
        await theirs.SendAsync("PUT", "/bucket/theirs", "remote"u8.ToArray());

        await using var proxy = await ProxyProcess.StartAsync(
            ["unshare", "--mount", "sh", folder["confined.sh"], folder["home"], folder["app/S3Overlay.Proxy"]],
            folder["home/data"],
            ("S3_OVERLAY_REMOTE_ENDPOINT", origin.Endpoint.ToString()),
            ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "minioadmin"),
            ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "minioadmin"),
            ("S3_OVERLAY_CACHE_ENABLED", "true"),
            ("S3_OVERLAY_SPOOL_DIR", folder["home/spool"]),
            ("DOTNET_EnableDiagnostics", "0"),
            ("HOME", "/nonexistent"));
        var http = new SignedHttp(proxy.Endpoint);
        Assert.Equal(200, (await http.SendAsync("PUT", "/bucket/mine", new byte[1 << 20])).Status);
        Assert.Equal(1 << 20, (await http.SendAsync("GET", "/bucket/mine")).Body.Length);
        Assert.Equal("MISS", (await http.SendAsync("GET", "/bucket/theirs")).Headers["x-cache"]);
        Assert.Equal("HIT", (await http.SendAsync("GET", "/bucket/theirs")).Headers["x-cache"]);
        Assert.DoesNotContain("warn:", proxy.Output, StringComparison.Ordinal);
        Assert.Equal(0, await proxy.TerminateAsync());
    }

    private static Task CopyAsync(string from, string to) => RunAsync("cp", "-R", from, to);

    private static async Task RunAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(command, arguments);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }
}
