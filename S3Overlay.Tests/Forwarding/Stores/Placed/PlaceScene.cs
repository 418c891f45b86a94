using System.Text;

using S3Overlay.Proxy.Forwarding.Stores.Placed;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores.Placed;

/// <summary>A whole proxy that keeps copies under their own keys in a store, over a scripted remote.</summary>
internal sealed class PlaceScene : IAsyncDisposable
{
    private static readonly (string Name, string Value)[] Place =
        [("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CACHE_PLACE", "bucket"), ("S3_OVERLAY_CHUNK_THRESHOLD", "1MiB"),
            ("S3_OVERLAY_CHUNK_SIZE", "256KiB")];

    private PlaceScene(StoreServer store, ScriptedRemote remote) => (Store, Remote) = (store, remote);

    public StoreServer Store { get; }

    public ScriptedRemote Remote { get; }

    public OverlayHost Proxy { get; private set; } = null!;

    /// <summary>Starts all of it. What the remote's bucket has in it is one object, "other".</summary>
    public static async Task<PlaceScene> StartAsync(Action<StoreServer>? prepare = null, params (string Name, string Value)[] settings)
    {
        var scene = new PlaceScene(await StoreServer.StartAsync(), await ScriptedRemote.StartAsync());
        prepare?.Invoke(scene.Store);
        scene.Remote.Put("bucket", "other", "other"u8.ToArray());
        scene.Proxy = await scene.AddProxyAsync(settings);
        return scene;
    }

    /// <summary>One more proxy, which is the caller's to dispose.</summary>
    public Task<OverlayHost> AddProxyAsync(params (string Name, string Value)[] settings) =>
        OverlayHost.StartAsync(Store.Endpoint, Remote.Endpoint, null, [.. Place, .. settings]);

    public Task<RawAnswer> SendAsync(string method, string target, string? body = null, params (string Name, string Value)[] headers) =>
        Proxy.SendAsync(method, target, body, headers);

    /// <summary>What the store itself has.</summary>
    public Task<RawAnswer> AskStoreAsync(string method, string target, string? body = null, params (string Name, string Value)[] headers) =>
        new SignedHttp(Store.Endpoint).SendAsync(method, target, body is null ? null : Encoding.UTF8.GetBytes(body), headers);

    /// <summary>Puts an object at the remote, and reads it through the proxy until its copy is where it stays.</summary>
    public async Task FillAsync(string key, string body = "remote", params (string Name, string Value)[] headers)
    {
        Remote.Put("bucket", key, Encoding.UTF8.GetBytes(body), headers);
        await FillAsync(Proxy, key, body);
    }

    /// <summary>Reads what the remote has through a proxy until its copy is where it stays.</summary>
    public async Task FillAsync(OverlayHost proxy, string key, string body)
    {
        Store.ForgetCalls();
        Assert.Equal(body, (await proxy.SendAsync("GET", $"/bucket/{key}")).Text);
        await Store.UntilAsync(
            () => Store.Calls
                .Any(call => (call.Method == "DELETE" && call.Path.StartsWith("/s3-overlay-cache/o/", StringComparison.Ordinal))
                || (call.Method == "PUT" && call.Path.StartsWith("/s3-overlay-cache/c/", StringComparison.Ordinal))),
            "The copy was not put.");
        await proxy.Copies!.WhenIdleAsync();
        Store.ForgetCalls();
    }

    /// <summary>How many wait for a copy's taking away, or for a write.</summary>
    public int Waiting => ((PlacedCopies)Proxy.Services.Local.Placed!).Waiting;

    /// <summary>Of how many keys a write may have left what looks like the copy that was there.</summary>
    public int Unsettled => ((PlacedCopies)Proxy.Services.Local.Placed!).Unsettled;

    /// <summary>Waits until nothing is on its way to the store.</summary>
    public Task IdleAsync() => Proxy.Copies!.WhenIdleAsync();

    /// <summary>The calls so far: method, and the kind of object or the key.</summary>
    public List<string> Calls() => [.. Store.Calls.Select(call => $"{call.Method} {NameOf(call)}")];

    /// <summary>The keys that a listing through the proxy shows, with size and ETag.</summary>
    public async Task<List<string>> ListAsync(string query = "")
    {
        var text = (await SendAsync("GET", $"/bucket?list-type=2{query}")).Text;
        var root = System.Xml.Linq.XDocument.Parse(text).Root!;
        var space = root.Name.Namespace;
        return
        [
            .. root.Elements(space + "Contents").Select(
                row => $"{row.Element(space + "Key")!.Value} {row.Element(space + "Size")!.Value} {row.Element(space + "ETag")!.Value}"),
            .. root.Elements(space + "CommonPrefixes").Select(row => row.Element(space + "Prefix")!.Value),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Store.DisposeAsync();
        await Remote.DisposeAsync();
    }

    private static string NameOf(StoreCall call)
    {
        var path = call.Path.TrimStart('/');
        return path.StartsWith("s3-overlay-cache/", StringComparison.Ordinal) ? path["s3-overlay-cache/".Length..][..1]
            : path.StartsWith("bucket/", StringComparison.Ordinal) ? path["bucket/".Length..]
            : path + "?" + call.Query;
    }
}
