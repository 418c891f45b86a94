namespace S3Overlay.Tests.Support;

/// <summary>A whole proxy over a store behind a wire that can be broken, and over a scripted remote.</summary>
internal sealed class StoreScene : IAsyncDisposable
{
    /// <summary>The clock runs a hundred times faster than real time here: a busy machine must not look like a hanging remote.</summary>
    private static readonly (string Name, string Value)[] PatientWithRemote =
        [RemoteLimits.Connect, .. RemoteLimits.Far];

    private StoreScene(ManualTimeProvider clock, StoreServer store, StoreRelay wire, ScriptedRemote? remote) =>
        (Clock, Store, Wire, Remote) = (clock, store, wire, remote!);

    public StoreServer Store { get; }

    /// <summary>The wire between the store and the proxies.</summary>
    public StoreRelay Wire { get; }

    /// <summary>The remote, where there is one.</summary>
    public ScriptedRemote Remote { get; }

    /// <summary>The clock of all of them. It moves only when a test moves it.</summary>
    public ManualTimeProvider Clock { get; }

    public OverlayHost Proxy { get; private set; } = null!;

    public static async Task<StoreScene> StartAsync(bool hasRemote = true, params (string Name, string Value)[] settings)
    {
        var clock = new ManualTimeProvider(DateTimeOffset.UtcNow);
        var store = await StoreServer.StartAsync(clock);
        var scene = new StoreScene(clock, store, new StoreRelay(store.Endpoint), hasRemote ? await ScriptedRemote.StartAsync() : null);
        scene.Proxy = await scene.AddProxyAsync(settings);
        return scene;
    }

    /// <summary>One more proxy, which is the caller's to dispose.</summary>
    public Task<OverlayHost> AddProxyAsync(params (string Name, string Value)[] settings) =>
        OverlayHost.StartAsync(Wire.Endpoint, Remote?.Endpoint, Clock, [.. Remote is null ? [] : PatientWithRemote, .. settings]);

    /// <summary>Sends a request, and lets time pass until the response. If the store hangs, only a time limit ends the wait.</summary>
    public Task<RawResponse> SendAsync(string method, string target, string? body = null, params (string Name, string Value)[] headers) =>
        SendAsync(Proxy, method, target, body, headers);

    /// <summary>The same of another proxy.</summary>
    public Task<RawResponse> SendAsync(OverlayHost proxy, string method, string target, string? body = null,
        params (string Name, string Value)[] headers) =>
        Wire.Fault == WireFault.Hanging ? Clock.RunToLimitAsync(proxy.SendAsync(method, target, body, headers))
            : Clock.RunAsync(proxy.SendAsync(method, target, body, headers));

    /// <summary>The response of the store itself.</summary>
    public Task<RawResponse> AskStoreAsync(string method, string target, string? body = null) =>
        new SignedHttp(Store.Endpoint) { Clock = Clock }.SendAsync(method, target, body is null ? null
            : System.Text.Encoding.UTF8.GetBytes(body));

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Wire.DisposeAsync();
        await Store.DisposeAsync();
        if (Remote is not null)
        {
            await Remote.DisposeAsync();
        }
    }
}
