namespace S3Overlay.Tests.Support;

/// <summary>A whole proxy with caching on over one of the local layers, and over a scripted remote.</summary>
internal sealed class LayerScene : IAsyncDisposable
{
    private LayerScene(ManualTimeProvider clock, ScriptedRemote remote, StoreServer? store, OverlayHost proxy) =>
        (Clock, Remote, Store, Proxy) = (clock, remote, store, proxy);

    /// <summary>The local layers: the built-in store and an S3 endpoint.</summary>
    public static TheoryData<string> All => new("embedded", "store");

    /// <summary>The clock of all of them. It moves only when a test moves it.</summary>
    public ManualTimeProvider Clock { get; }

    public ScriptedRemote Remote { get; }

    /// <summary>The store that is its local layer; null over the built-in one.</summary>
    public StoreServer? Store { get; }

    public OverlayHost Proxy { get; }

    /// <summary>Starts it. By default, the fast clock does not time out the remote.</summary>
    /// <param name="layer">One of <see cref="All"/>.</param>
    public static Task<LayerScene> StartAsync(string layer, params (string Name, string Value)[] settings) =>
        StartAsync(layer, static _ => { }, settings);

    /// <summary>Starts it.</summary>
    /// <param name="prepare">Changes the store before the proxy asks it what it can do.</param>
    public static async Task<LayerScene> StartAsync(
        string layer, Action<StoreServer> prepare, params (string Name, string Value)[] settings)
    {
        var clock = new ManualTimeProvider(DateTimeOffset.UtcNow);
        var remote = await ScriptedRemote.StartAsync();
        var store = layer == "embedded" ? null : await StoreServer.StartAsync(clock);
        if (store is not null)
        {
            prepare(store);
        }

        var proxy = await OverlayHost.StartAsync(
            store?.Endpoint,
            remote.Endpoint,
            clock,
            [
                ("S3_OVERLAY_CACHE_ENABLED", "true"),
                .. RemoteLimits.Far,
                .. settings.Any(static setting => setting.Name == "S3_OVERLAY_REMOTE_BUDGET") ? Array.Empty<(string, string)>()
                    : [RemoteLimits.Connect],
                .. settings,
            ]);
        return new LayerScene(clock, remote, store, proxy);
    }

    /// <summary>Sends a request, and lets time pass until the response.</summary>
    public Task<RawResponse> SendAsync(string method, string target, string? body = null, params (string Name, string Value)[] headers) =>
        Clock.RunAsync(Proxy.SendAsync(method, target, body, headers));

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        if (Store is not null)
        {
            await Store.DisposeAsync();
        }

        await Remote.DisposeAsync();
    }
}
