using System.Text;

using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.WebConsole;

/// <summary>A proxy with a console over a remote, where some keys are written and deleted.</summary>
internal sealed class ChangedProxy : IAsyncDisposable
{
    private const string Keys =
        """
        [ { "accessKey": "minioadmin", "secretKey": "minioadmin", "rights": { "*": "owner" }, "admin": true },
          { "accessKey": "reader", "secretKey": "reader-secret", "rights": { "photos": "read" } } ]
        """;

    private readonly TemporaryFolder _folder;

    private ChangedProxy(ScriptedRemote remote, OverlayHost host, TemporaryFolder folder) =>
        (Remote, Host, _folder) = (remote, host, folder);

    public ScriptedRemote Remote { get; }

    public OverlayHost Host { get; }

    public Uri Address => Host.WebConsole!;

    public TemporaryFolder Folder => _folder;

    /// <summary>
    /// Starts it. <c>photos</c> has <c>app.yaml</c> (overwritten), <c>2024/a.jpg</c> (deleted), <c>2025/new.txt</c> (added) and
    /// <c>2024/b.jpg</c> (as the remote has it).
    /// </summary>
    public static async Task<ChangedProxy> StartAsync(params (string Name, string Value)[] settings)
    {
        var remote = await ScriptedRemote.StartAsync();
        remote.Put("photos", "app.yaml", "size: 10\nmode: fast\nlog: off\n"u8.ToArray());
        remote.Put("photos", "2024/a.jpg", "a"u8.ToArray());
        remote.Put("photos", "2024/b.jpg", "b"u8.ToArray());
        var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["keys.json"], Keys);
        var host = await OverlayHost.StartEmbeddedAsync(
            remote.Endpoint,
            [("S3_OVERLAY_CONSOLE_URLS", "http://127.0.0.1:0"), ("S3_OVERLAY_KEYS_FILE", folder["keys.json"]),
                ("S3_OVERLAY_CACHE_ENABLED", "true"), .. settings]);
        var proxy = new ChangedProxy(remote, host, folder);
        await proxy.DoAsync("GET", "/photos?list-type=2");
        await proxy.DoAsync("PUT", "/photos/app.yaml", "size: 20\nmode: fast\nlog: off\n");
        await proxy.DoAsync("DELETE", "/photos/2024/a.jpg");
        await proxy.DoAsync("PUT", "/photos/2025/new.txt", "hello");
        return proxy;
    }

    /// <summary>Sends a request that succeeds.</summary>
    public async Task<string> DoAsync(string method, string target, string? body = null, params (string Name, string Value)[] headers)
    {
        var response = await Host.SendAsync(method, target, body, headers);
        Assert.True(response.Status is >= 200 and < 300, $"{method} {target}: {response.Status} {response.Text}");
        return response.Text;
    }

    /// <summary>The text that a client reads at a key of <c>photos</c>; null if there is none.</summary>
    public async Task<string?> SeenAsync(string key)
    {
        var response = await Host.SendAsync("GET", "/photos/" + key);
        return response.Status == 200 ? Encoding.UTF8.GetString(response.Body) : null;
    }

    /// <summary>Runs a command of <c>s3overlay</c>.</summary>
    public async Task<(int Code, string Output)> RunAsync(params string[] line)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = await CommandLine.RunAsync([.. line, "--endpoint", Host.Endpoint.ToString()], output, errors);
        return (code, output.ToString() + errors);
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Remote.DisposeAsync();
        _folder.Dispose();
    }
}
