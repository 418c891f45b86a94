using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract.Responses;

/// <summary>
/// Responses compared with those that LocalStack's tests recorded from S3: over the built-in store without a remote (<c>plain</c>), in a
/// bucket with one (<c>overlaid</c>), and in such a bucket over an S3 store (<c>store</c>).
/// </summary>
public abstract partial class ResponseTestBase : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _open = [];

    private protected OverlayHost Proxy { get; private set; } = null!;

    private protected ScriptedRemote Remote { get; private set; } = null!;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _open.Reverse();
        foreach (var part in _open)
        {
            await part.DisposeAsync();
        }
    }

    /// <summary>Starts a proxy with the bucket <c>bucket</c> and the object <c>there</c> in it, which was written here.</summary>
    private protected async Task StartAsync(string scene, params (string Name, string Value)[] settings)
    {
        var isPlain = scene == "plain";
        Uri? store = null;
        if (!isPlain)
        {
            _open.Add(Remote = await ScriptedRemote.StartAsync());
            Remote.Put("bucket", "remote", "of the remote"u8.ToArray());
            Remote.AddBucket("below");
        }

        if (scene == "store")
        {
            var server = await StoreServer.StartAsync();
            _open.Add(server);
            store = server.Endpoint;
        }

        _open.Add(Proxy = await OverlayHost.StartAsync(store, isPlain ? null : Remote.Endpoint, null, settings));
        await Proxy.SendAsync("PUT", "/bucket");
        Assert.Equal(200, (await Proxy.SendAsync("PUT", "/bucket/there", "kept")).Status);
    }

    private protected Task<RawResponse> SendAsync(string method, string target, string? body = null,
        params (string Name, string Value)[] headers) =>
        Proxy.SendAsync(method, target, body, headers);

    /// <summary>An S3 error: its code, message and other elements, without the ids.</summary>
    private protected static string ErrorOf(RawResponse response) => $"{response.Status} " + string.Join(
        " | ", Element().Matches(response.Text).Where(static found => found.Groups[1].Value is not ("RequestId" or "HostId" or "Resource"))
            .Select(static found => $"{found.Groups[1].Value}={found.Groups[2].Value}"));

    /// <summary>The text of the first element with this name, or null.</summary>
    private protected static string? TextOf(RawResponse response, string name) =>
        Regex.Match(response.Text, $"<{name}>([^<]*)</{name}>") is { Success: true } found ? found.Groups[1].Value
            : response.Text.Contains($"<{name}/>", StringComparison.Ordinal) ? "" : null;

    [GeneratedRegex("<([A-Za-z]+)>([^<]*)</")]
    private static partial Regex Element();
}
