using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Remotes;

/// <summary>
/// A whole proxy over three remotes: one without a name for everything else; <c>models</c> for <c>data/models/</c> and <c>bare/part/</c>;
/// and <c>open</c>, which is anonymous, for the bucket <c>open</c>.
/// </summary>
internal sealed class RemotesScene : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly bool _isOnStore;
    private StoreServer? _store;

    private RemotesScene(bool isOnStore) => _isOnStore = isOnStore;

    /// <summary>The unnamed remote, or null.</summary>
    public ScriptedRemote? First { get; private set; }

    /// <summary>The remote <c>models</c>.</summary>
    public ScriptedRemote Models { get; private set; } = null!;

    /// <summary>The remote <c>open</c>.</summary>
    public ScriptedRemote Open { get; private set; } = null!;

    public OverlayHost Proxy { get; private set; } = null!;

    /// <param name="isOnStore">Whether local is an S3 endpoint, and not the built-in store.</param>
    /// <param name="hasFirst">Whether there is a remote without a name.</param>
    public static async Task<RemotesScene> StartAsync(bool isOnStore, bool hasFirst = true, params (string Name, string Value)[] settings)
    {
        var scene = new RemotesScene(isOnStore)
        {
            First = hasFirst ? await ScriptedRemote.StartAsync() : null,
            Models = await ScriptedRemote.StartAsync(),
            Open = await ScriptedRemote.StartAsync(),
            _store = isOnStore ? await StoreServer.StartAsync() : null,
        };
        scene.Proxy = await scene.NewProxyAsync(settings);
        return scene;
    }

    /// <summary>Ends the proxy, and starts another with further settings over the same data.</summary>
    public async Task RestartAsync(params (string Name, string Value)[] settings)
    {
        await Proxy.WhenIdleAsync();
        await Proxy.DisposeAsync();
        Proxy = await NewProxyAsync(settings);
    }

    public Task<RawResponse> SendAsync(string method, string target, string? body = null, params (string Name, string Value)[] headers) =>
        Proxy.SendAsync(method, target, body, headers);

    /// <summary>Puts a text at a remote.</summary>
    public static void Put(ScriptedRemote remote, string bucket, string key, string text) =>
        remote.Put(bucket, key, Encoding.UTF8.GetBytes(text));

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        foreach (var remote in new[] { First, Models, Open })
        {
            await (remote?.DisposeAsync() ?? default);
        }

        await (_store?.DisposeAsync() ?? default);
        _folder.Dispose();
    }

    private Task<OverlayHost> NewProxyAsync((string Name, string Value)[] settings) => OverlayHost.StartAsync(
        _store?.Endpoint,
        First?.Endpoint,
        null,
        [
            ("S3_OVERLAY_DATA_DIR", _folder["data"]),
            ("S3_OVERLAY_CACHE_ENABLED", "true"),
            ("S3_OVERLAY_REMOTES", "models,open"),
            ("S3_OVERLAY_REMOTE_MODELS_ENDPOINT", TextOf(Models)),
            ("S3_OVERLAY_REMOTE_MODELS_ACCESS_KEY_ID", "models-key"),
            ("S3_OVERLAY_REMOTE_MODELS_SECRET_ACCESS_KEY", "models-secret"),
            ("S3_OVERLAY_REMOTE_MODELS_SESSION_TOKEN", "models-token"),
            ("S3_OVERLAY_REMOTE_MODELS_REGION", "eu-west-3"),
            ("S3_OVERLAY_REMOTE_MODELS_BACKS", "data/models/:ml/released/,bare/part/:ml"),
            ("S3_OVERLAY_REMOTE_OPEN_ENDPOINT", TextOf(Open)),
            ("S3_OVERLAY_REMOTE_OPEN_ANONYMOUS", "true"),
            ("S3_OVERLAY_REMOTE_OPEN_BACKS", "open"),
            .. settings,
        ]);

    /// <summary>A remote's endpoint as settings have it.</summary>
    public static string TextOf(ScriptedRemote remote) => remote.Endpoint.ToString().TrimEnd('/');
}
