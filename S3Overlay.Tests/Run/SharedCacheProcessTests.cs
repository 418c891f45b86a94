using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.Json;
using System.Text.RegularExpressions;

using S3Overlay.Proxy.Hosting.Run;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Run;

/// <summary>The process of a shared cache, and what a run leaves alone: other users' folders, a cache that is not damaged.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class SharedCacheProcessTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ScriptedRemote _remote = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("photos", "k", "remote"u8.ToArray());
    }

    public async Task DisposeAsync()
    {
        await _remote.DisposeAsync();
        _folder.Dispose();
    }

    private string Caches => _folder["caches/s3overlay"];

    [Fact]
    public async Task The_process_has_nothing_of_the_job_that_started_it()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await using var run = RunProcess.Start(
            _folder, [.. RunProcess.Over(_remote.Endpoint), "--cache-linger", "0", "--", .. RunProcess.Client],
            [("BUILD_ID", "job-1"), ("JENKINS_NODE_COOKIE", "c"), ("DEPLOY_TOKEN", "secret"), ("AWS_SESSION_TOKEN", "session")]);
        Assert.NotNull(await run.ReadLineAsync());
        var file = Assert.Single(Directory.GetFiles(Path.Combine(Caches, "run"), "*.proxy"));
        var id = JsonDocument.Parse(await File.ReadAllBytesAsync(file)).RootElement.GetProperty("Process").GetInt32();
        var names = (await File.ReadAllTextAsync($"/proc/{id}/environ")).Split('\0').Select(static each => each.Split('=')[0]).ToList();
        Assert.Contains("PATH", names);
        Assert.Contains("S3_OVERLAY_REMOTE_ENDPOINT", names, StringComparer.OrdinalIgnoreCase);
        Assert.DoesNotContain(names, static name => name is "BUILD_ID" or "JENKINS_NODE_COOKIE" or "DEPLOY_TOKEN" or "AWS_SESSION_TOKEN");
        Assert.Equal(0, (await run.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task A_damaged_cache_begins_empty()
    {
        await ReadAsync();
        await File.WriteAllTextAsync(Format(), "?");
        Assert.DoesNotContain("warning", await ReadAsync(), StringComparison.Ordinal);
        Assert.Contains("1 from the cache", await ReadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cache_of_a_later_version_is_left_alone()
    {
        await ReadAsync();
        var later = Regex.Replace(await File.ReadAllTextAsync(Format()), "[0-9]+\n", "4000\n");
        await File.WriteAllTextAsync(Format(), later);
        Assert.Contains("warning: the shared cache cannot be used", await ReadAsync(), StringComparison.Ordinal);
        Assert.Equal(later, await File.ReadAllTextAsync(Format()));
    }

    /// <summary>In a temporary folder that users share, others choose names too.</summary>
    [Fact]
    public async Task Only_folders_of_this_user_are_cleaned_up()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        var ours = Directory.CreateDirectory(_folder["s3overlay-run-ours"], Private).FullName;
        var shared = Directory.CreateDirectory(_folder["s3overlay-run-shared"], Private).FullName;
        var elsewhere = Directory.CreateDirectory(_folder["elsewhere"], Private).FullName;
        foreach (var folder in (string[])[ours, shared, elsewhere])
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "lock"), "");
        }

        File.SetUnixFileMode(shared, Private | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);
        File.CreateSymbolicLink(_folder["s3overlay-run-link"], elsewhere);
        Assert.True(UnixProcess.OwnsPrivateFolder(ours));
        Assert.False(UnixProcess.OwnsPrivateFolder(shared));
        Assert.False(UnixProcess.OwnsPrivateFolder(_folder["s3overlay-run-link"]));
        Assert.False(UnixProcess.OwnsPrivateFolder(Path.Combine(ours, "lock")));
        Assert.False(UnixProcess.OwnsPrivateFolder(_folder["missing"]));

        Assert.Equal(0, (await RunProcess.RunAsync(_folder, ["--", "true"])).ExitCode);
        Assert.False(Directory.Exists(ours));
        Assert.True(File.Exists(Path.Combine(shared, "lock")));
        Assert.True(Directory.Exists(_folder["s3overlay-run-link"]) && File.Exists(Path.Combine(elsewhere, "lock")));
    }

    private string Format() => Assert.Single(Directory.GetFiles(Path.Combine(Caches, "stores"), "FORMAT", SearchOption.AllDirectories));

    private async Task<string> ReadAsync()
    {
        await using var run = await RunProcess.StartClientAsync(_folder, _remote.Endpoint);
        Assert.Equal("remote", (await run.Http.SendAsync("GET", "/photos/k")).Text);
        var result = await run.EndAsync();
        Assert.Equal(0, result.ExitCode);
        return result.Errors;
    }
}
