using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Tests.Run;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>docs/changes.md shows each command with its real output.</summary>
public sealed class ChangesPageTests : IAsyncLifetime
{
    private const string ExitCode = "; echo $?";

    private readonly TemporaryFolder _folder = new();
    private StoreServer _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await StoreServer.StartAsync();
        await new SignedHttp(_remote.Endpoint).SendAsync("PUT", "/photos");
        await PutRemoteAsync("/photos/2024/a.jpg", new byte[300 << 10]);
        await PutRemoteAsync("/photos/2024/b.jpg", new byte[200 << 10]);
        await PutRemoteAsync("/photos/app.yaml", "size: 10\nmode: fast\nlog: off\n"u8.ToArray());
        _proxy = await OverlayHost.StartEmbeddedAsync(_remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"),
            ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "minioadmin"), ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "minioadmin"));
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Every_command_prints_what_the_page_shows() =>
        Assert.InRange(await CommandPage.CheckAsync("changes.md", DoAsync, RunAsync), 15, int.MaxValue);

    /// <summary>What clients do: <c>PUT /bucket/key text</c>; or <c>remote bucket/key text</c> for a change at the remote.</summary>
    private async Task DoAsync(string step)
    {
        var words = step.Replace("\\n", "\n", StringComparison.Ordinal).Split(' ', 3);
        if (words[0] == "remote")
        {
            await PutRemoteAsync("/" + words[1], System.Text.Encoding.UTF8.GetBytes(words[2]));
            return;
        }

        var response = await _proxy.SendAsync(words[0], words[1], words.ElementAtOrDefault(2));
        Assert.True(response.Status is >= 200 and < 300 or 404, response.Text);
    }

    private async Task PutRemoteAsync(string target, byte[] bytes) =>
        Assert.Equal(200, (await new SignedHttp(_remote.Endpoint).SendAsync("PUT", target, bytes)).Status);

    private async Task<string[]> RunAsync(string line)
    {
        var shown = line.EndsWith(ExitCode, StringComparison.Ordinal);
        string[] words =
        [
            .. CommandPage.Words(shown ? line[..^ExitCode.Length] : line)
                .Select(word => word.EndsWith(".tar", StringComparison.Ordinal) ? _folder[word] : word),
            "--endpoint", _proxy.Endpoint.ToString(),
        ];
        var (code, output, errors) = words[0] == "promote" ? await PromoteAsync(words) : await RunHereAsync(words);
        return (output + errors + (shown ? code : "")).Replace(_folder["x"][..^1], "", StringComparison.Ordinal).TrimEnd('\n').Split('\n');
    }

    private static async Task<(int Code, string Output, string Errors)> RunHereAsync(string[] words)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        return (await CommandLine.RunAsync(words, output, errors), output.ToString(), errors.ToString());
    }

    /// <summary>As a process: its credentials are those of a profile.</summary>
    private async Task<(int Code, string Output, string Errors)> PromoteAsync(string[] words)
    {
        await File.WriteAllTextAsync(
            _folder["credentials"], "[prod]\naws_access_key_id = minioadmin\naws_secret_access_key = minioadmin\n");
        await using var promote = RunProcess.StartOther(
            _folder, ["dotnet", typeof(Proxy.Protocol.S3Request).Assembly.Location, .. words],
            [("AWS_SHARED_CREDENTIALS_FILE", _folder["credentials"]), ("AWS_CONFIG_FILE", _folder["config"]),
                ("AWS_EC2_METADATA_DISABLED", "true"), ("XDG_STATE_HOME", _folder["state"])]);
        var result = await promote.EndAsync();
        return (result.ExitCode, result.Output, result.Errors);
    }
}
