using System.Text;
using System.Text.Json;

using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration.Caching;

/// <summary>A proxy with a cache of chunks of 256 KiB over a scripted remote, on the built-in store or on an S3 store.</summary>
internal sealed class CacheScene : IAsyncDisposable
{
    public const int Chunk = 256 << 10;

    private readonly StoreServer? _store;

    private CacheScene(ScriptedRemote remote, StoreServer? store, OverlayHost proxy) => (Remote, _store, Proxy) = (remote, store, proxy);

    public ScriptedRemote Remote { get; }

    public OverlayHost Proxy { get; }

    /// <summary>The S3 store; null for the built-in one.</summary>
    public StoreServer? Store => _store;

    /// <summary>Starts one. Objects of more than 512 KiB are cached in chunks.</summary>
    public static async Task<CacheScene> StartAsync(bool onStore = false, TimeProvider? time = null,
        params (string Name, string Value)[] settings)
    {
        var remote = await ScriptedRemote.StartAsync();
        var store = onStore ? await StoreServer.StartAsync(TimeProvider.System) : null;
        var proxy = await OverlayHost.StartAsync(store?.Endpoint, remote.Endpoint, time,
        [
            ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CHUNK_THRESHOLD", "512KiB"), ("S3_OVERLAY_CHUNK_SIZE", "256KiB"),
            .. settings,
        ]);
        return new CacheScene(remote, store, proxy);
    }

    /// <summary>Puts objects of a size at the remote.</summary>
    public void Put(int size, params string[] keys) => Put("photos", size, keys);

    public void Put(string bucket, int size, string[] keys)
    {
        foreach (var key in keys)
        {
            Remote.Put(bucket, key, [.. Enumerable.Range(0, size).Select(at => (byte)(at + key.Length))]);
        }
    }

    /// <summary>Reads as clients do, and waits until everything is stored.</summary>
    public async Task ReadAsync(params string[] keys)
    {
        foreach (var key in keys)
        {
            Assert.Equal(200, (await Proxy.SendAsync("GET", "/photos/" + key)).Status);
        }

        await Proxy.WhenIdleAsync();
    }

    public async Task ReadRangeAsync(string key, string range)
    {
        Assert.Equal(206, (await Proxy.SendAsync("GET", "/photos/" + key, null, ("Range", range))).Status);
        await Proxy.WhenIdleAsync();
    }

    /// <summary>The layer that a read reports.</summary>
    public async Task<string> LayerAsync(string key) => (await Proxy.SendAsync("HEAD", "/photos/" + key)).Headers["x-s3overlay-layer"];

    /// <summary>The GETs of objects that the remote saw.</summary>
    public int Fetches => Remote.Requests.Count(static request => request.Method == "GET" && request.Key.Length > 0);

    /// <summary>The items of a list, and the last line.</summary>
    public async Task<JsonElement[]> ListAsync(string target)
    {
        var response = await Proxy.SendAsync("GET", "/-/v1/" + target);
        Assert.True(response.Status == 200, response.Text);
        var lines = Lines(response);
        Assert.True(lines[^1].GetProperty("done").GetBoolean(), response.Text);
        Assert.Equal(lines.Length - 1, lines[^1].GetProperty("count").GetInt32());
        return lines[..^1];
    }

    /// <summary>The result of work.</summary>
    public async Task<JsonElement> DoAsync(string target, string? body = null)
    {
        var response = await Proxy.SendAsync("POST", "/-/v1/" + target, body);
        Assert.True(response.Status == 200, response.Text);
        await Proxy.WhenIdleAsync();
        return Lines(response)[^1];
    }

    /// <summary>The error of a call.</summary>
    public async Task<(int Status, string Code, string Message)> RefusedAsync(string method, string target)
    {
        var response = await Proxy.SendAsync(method, "/-/v1/" + target);
        var error = Lines(response)[0];
        return (response.Status, error.GetProperty("code").GetString()!, error.GetProperty("message").GetString()!);
    }

    /// <summary>Runs a command as users type it.</summary>
    public async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        var (output, errors) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var code = await CommandLine.RunAsync([.. arguments, "--endpoint", Proxy.Endpoint.ToString()], output, errors);
        return (code, output.ToString(), errors.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await (_store?.DisposeAsync() ?? default);
        await Remote.DisposeAsync();
    }

    private static JsonElement[] Lines(RawResponse response) =>
        [.. Encoding.UTF8.GetString(response.Body).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => JsonDocument.Parse(line).RootElement)];
}
