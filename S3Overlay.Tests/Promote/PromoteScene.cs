using System.Diagnostics;
using System.Text.Json;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Promote;

/// <summary>
/// A proxy whose bucket <c>photos</c> continues in <c>prod</c> below <c>p/</c> of a store that can be written to, and the command
/// <c>promote</c> as a process of its own, with a profile for that store.
/// </summary>
internal sealed class PromoteScene : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();

    private PromoteScene(StoreServer upstream, StoreServer? store, OverlayHost proxy) =>
        (Upstream, Store, Proxy, Http) = (upstream, store, proxy, new SignedHttp(upstream.Endpoint));

    public static TheoryData<string> Layers => LayerScene.All;

    public StoreServer Upstream { get; }

    public StoreServer? Store { get; }

    public OverlayHost Proxy { get; }

    /// <summary>Requests to the store itself, behind the proxy's back.</summary>
    public SignedHttp Http { get; }

    /// <summary>The folder that remembers uploads.</summary>
    public string State => _folder["state"];

    public static async Task<PromoteScene> StartAsync(string layer = "embedded", params (string Name, string Value)[] settings)
    {
        var upstream = await StoreServer.StartAsync();
        await new SignedHttp(upstream.Endpoint).SendAsync("PUT", "/prod");
        var store = layer == "embedded" ? null : await StoreServer.StartAsync();
        var proxy = await OverlayHost.StartAsync(store?.Endpoint, upstream.Endpoint, null,
            [("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "minioadmin"), ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "minioadmin"),
            ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_BUCKET_MAPPING", "photos:prod/p/"), .. settings]);
        return new PromoteScene(upstream, store, proxy);
    }

    /// <summary>Sends a request that must succeed to the proxy.</summary>
    public async Task<RawResponse> OkAsync(
        string method, string target, string? body = null, params (string Name, string Value)[] headers)
    {
        var response = await Proxy.SendAsync(method, target, body, headers);
        Assert.True(response.Status is 200 or 204, $"{method} {target}: {response.Text}");
        return response;
    }

    /// <summary>Writes an object of the store, which the proxy then shows.</summary>
    public async Task PutUpstreamAsync(string key, string text)
    {
        Assert.Equal(200, (await Http.SendAsync("PUT", "/prod/p/" + key, System.Text.Encoding.UTF8.GetBytes(text))).Status);
        await OkAsync("GET", "/photos/" + key);
    }

    /// <summary>What the store has; null if it has none.</summary>
    public async Task<string?> UpstreamAsync(string key) =>
        await Http.SendAsync("GET", "/prod/p/" + key) is { Status: 200 } found ? found.Text : null;

    /// <summary>The changes that are left, as <c>A! key</c>.</summary>
    public async Task<string[]> ChangesAsync()
    {
        var response = await Proxy.SendAsync("GET", "/-/v1/changes?bucket=photos");
        Assert.True(response.Status == 200, response.Text);
        return [.. Lines(response.Text)[..^1].Select(Overlay.Changes.ChangeLines.Show)];
    }

    /// <summary>Keys of the store, probes and all.</summary>
    public async Task<string[]> KeysAsync() => [.. System.Text.RegularExpressions.Regex.Matches(
        (await Http.SendAsync("GET", "/prod?list-type=2")).Text, "<Key>([^<]*)</Key>").Select(static key => key.Groups[1].Value)];

    /// <summary>Runs the command to its end.</summary>
    public async Task<ToolResult> RunAsync(params string[] line)
    {
        using var process = Start(line);
        return await EndAsync(process);
    }

    /// <summary>
    /// Runs it with <c>--json</c>, and returns its exit code and its keys as <c>0: sent key, sent* key</c>. The local
    /// version of one with a star stays.
    /// </summary>
    public async Task<string> RunJsonAsync(params string[] line)
    {
        var result = await RunAsync([.. line, "--json", "--yes"]);
        Assert.True(result.Output.Length > 0, result.Errors);
        return $"{result.ExitCode}: " + string.Join(", ", Lines(result.Output)[..^1].Select(static key =>
            $"{key.GetProperty("outcome")}{(key.GetProperty("reverted").GetBoolean() ? "" : "*")} {key.GetProperty("key")}").Order());
    }

    /// <summary>Starts the command.</summary>
    public Process Start(params string[] line)
    {
        File.WriteAllText(_folder["credentials"], "[writer]\naws_access_key_id = minioadmin\naws_secret_access_key = minioadmin\n"
            + "[stranger]\naws_access_key_id = other\naws_secret_access_key = other\n");
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        string[] profile = line.Contains("--profile") || line.Contains("--to") ? [] : ["--profile", "writer"];
        foreach (var argument in (string[])[typeof(Proxy.Protocol.S3Request).Assembly.Location, "promote", .. line, .. profile,
            "--endpoint", Proxy.Endpoint.ToString()])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var name in start.Environment.Keys.Where(static name => name.StartsWith("AWS_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["AWS_SHARED_CREDENTIALS_FILE"] = _folder["credentials"];
        start.Environment["AWS_CONFIG_FILE"] = _folder["config"];
        start.Environment["AWS_EC2_METADATA_DISABLED"] = "true";
        start.Environment["XDG_STATE_HOME"] = State;
        return Process.Start(start)!;
    }

    /// <summary>Waits for its end.</summary>
    public static async Task<ToolResult> EndAsync(Process process)
    {
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(Patience.Limit);
        await process.WaitForExitAsync(limit.Token);
        return new ToolResult(process.ExitCode, await output, await errors);
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        if (Store is not null)
        {
            await Store.DisposeAsync();
        }

        await Upstream.DisposeAsync();
        _folder.Dispose();
    }

    private static JsonElement[] Lines(string text) =>
        [.. text.TrimEnd('\n').Split('\n').Select(static line => JsonDocument.Parse(line).RootElement)];
}
