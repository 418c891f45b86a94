using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>docs/changes.md shows each command with its real output.</summary>
public sealed class ChangesPageTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("photos", "2024/a.jpg", new byte[300 << 10]);
        _remote.Put("photos", "2024/b.jpg", new byte[200 << 10]);
        _remote.Put("photos", "app.yaml", "size: 10\nmode: fast\nlog: off\n"u8.ToArray());
        _proxy = await OverlayHost.StartEmbeddedAsync(_remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"));
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Every_command_prints_what_the_page_shows() =>
        Assert.InRange(await CommandPage.CheckAsync("changes.md", DoAsync, RunAsync), 8, int.MaxValue);

    /// <summary>What clients do: <c>PUT /bucket/key text</c>; or <c>remote bucket/key text</c> for a change at the remote.</summary>
    private async Task DoAsync(string step)
    {
        var words = step.Replace("\\n", "\n", StringComparison.Ordinal).Split(' ', 3);
        if (words[0] == "remote")
        {
            var slash = words[1].IndexOf('/', StringComparison.Ordinal);
            _remote.Put(words[1][..slash], words[1][(slash + 1)..], System.Text.Encoding.UTF8.GetBytes(words[2]));
            return;
        }

        var response = await _proxy.SendAsync(words[0], words[1], words.ElementAtOrDefault(2));
        Assert.True(response.Status is >= 200 and < 300 or 404, response.Text);
    }

    private async Task<string[]> RunAsync(string line)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var words = CommandPage.Words(line).Select(word => word.EndsWith(".tar", StringComparison.Ordinal) ? _folder[word] : word);
        await CommandLine.RunAsync([.. words, "--endpoint", _proxy.Endpoint.ToString()], output, errors);
        return (output.ToString() + errors).Replace(_folder["x"][..^1], "", StringComparison.Ordinal).TrimEnd('\n').Split('\n');
    }
}
