using System.Text.Json;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>A whole proxy over its layers, and the model beside it.</summary>
internal sealed class ModelScene : IAsyncDisposable
{
    /// <summary>Objects above this are kept in chunks of half of it.</summary>
    public const int ChunkThreshold = 32 << 10;

    private readonly TemporaryFolder _folder = new();
    private readonly ModelLayer _layer;
    private readonly ModelCache _cache;
    private readonly ScriptedRemote _remote;
    private readonly StoreServer? _store;

    private ModelScene(ModelLayer layer, ModelCache cache, ScriptedRemote remote, StoreServer? store) =>
        (_layer, _cache, _remote, _store) = (layer, cache, remote, store);

    /// <summary>The proxy.</summary>
    public OverlayHost Proxy { get; private set; } = null!;

    /// <summary>The buckets: one under its own name, one that is a prefix of another.</summary>
    public IReadOnlyList<ModelBucket> Buckets { get; } = [new("same", "same", "", isMapped: false), new("mapped", "below", "pre/", isMapped: true)];

    /// <summary>What is wrong with the remote.</summary>
    public RemoteTrouble Trouble { get; } = new();

    /// <summary>Whether the store takes nothing more; never where it is the built-in one.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Uploads under way, by slot.</summary>
    public Dictionary<int, ModelUpload> Uploads { get; } = [];

    /// <summary>Listings under way, by slot.</summary>
    public Dictionary<int, ListingCursor> Listings { get; } = [];

    /// <summary>Starts all of it.</summary>
    public static async Task<ModelScene> StartAsync(ModelLayer layer, ModelCache cache)
    {
        var remote = await ScriptedRemote.StartAsync();
        var scene = new ModelScene(layer, cache, remote, layer != ModelLayer.Embedded ? await StoreServer.StartAsync() : null);
        remote.Script = scene.Trouble.AnswerAsync;
        foreach (var bucket in scene.Buckets)
        {
            remote.AddBucket(bucket.RemoteName);
        }

        if (scene._store is { } store)
        {
            store.Fail = request => scene.IsFull && request.Method is ("PUT" or "POST") ? (507, "InsufficientStorage") : null;
        }

        await scene.StartProxyAsync();
        return scene;
    }

    /// <summary>Ends the proxy and starts it again over what it has on disk.</summary>
    /// <param name="without">A folder of the built-in store that is gone by then; empty for none.</param>
    public async Task RestartAsync(string without)
    {
        await Proxy.DisposeAsync();
        if (without.Length > 0 && Directory.Exists(Path.Combine(_folder["data"], without)))
        {
            Directory.Delete(Path.Combine(_folder["data"], without), recursive: true);
        }

        await StartProxyAsync();
    }

    /// <summary>Puts an object at the remote, behind the proxy's back.</summary>
    public void PutRemote(ModelBucket bucket, string key, ObjectVersion version)
    {
        if (ObjectKeys.IsTooLong(bucket.RemoteKey(key)))
        {
            return;
        }

        _remote.Put(bucket.RemoteName, bucket.RemoteKey(key), version.Bytes, (ObjectVersion.MetaHeader, version.Meta));
        bucket.Remote[key] = version;
    }

    /// <summary>Takes one away there.</summary>
    public void RemoveRemote(ModelBucket bucket, string key)
    {
        _remote.Remove(bucket.RemoteName, bucket.RemoteKey(key));
        bucket.Remote.Remove(key);
    }

    /// <summary>Fills the store up, or makes room.</summary>
    public void SetFull(bool isFull) => IsFull = isFull && _store is not null;

    /// <summary>All that a read may show: no copy counts where none is kept, or each is compared.</summary>
    public IReadOnlyList<ObjectVersion?> MayShow(ModelBucket bucket, string key) =>
        _cache == ModelCache.Believed || bucket.IsDecidedHere(key) ? bucket.MayShow(key) : [bucket.Remote.GetValueOrDefault(key)];

    /// <summary>Whether the proxy may say that it cannot tell what a key is.</summary>
    public bool MayBeUnknown(ModelBucket bucket, string key) => Trouble.IsDown && (!bucket.IsDecidedHere(key) || bucket.IsKnownByRemoteAlone);

    /// <summary>Whether a write or delete that asks nothing may fail for now.</summary>
    public bool MayFailToWrite(ModelBucket bucket) => IsFull || (Trouble.IsDown && bucket.IsKnownByRemoteAlone);

    /// <summary>Sends a request to a bucket or key, and waits until nothing of it is under way any more.</summary>
    public async Task<RawAnswer> SendAsync(string method, ModelBucket bucket, string? key, string query = "", byte[]? body = null, params (string Name, string Value)[] headers)
    {
        var target = $"/{bucket.Name}{(key is null ? "" : "/" + UriEncoding.EncodeKey(key))}{(query.Length == 0 ? "" : "?" + query)}";
        var answer = await Proxy.Http.SendAsync(method, target, body, headers);
        await Proxy.WhenIdleAsync();
        if (answer.Status is 0 or 500)
        {
            throw new Mismatch($"{method} {target}: {(answer.Status == 0 ? "the connection was cut" : "500 " + answer.Text)}");
        }

        return answer;
    }

    /// <summary>Makes an administration call; null where it is refused for now.</summary>
    public async Task<JsonElement> CallAsync(string method, string call, params (string Name, string Value)[] parameters)
    {
        var query = string.Join('&', parameters.Select(parameter => $"{parameter.Name}={UriEncoding.EncodeComponent(parameter.Value)}"));
        var answer = await Proxy.Http.SendAsync(method, $"/-/v1/{call}?{query}");
        return JsonDocument.Parse(answer.Text.TrimEnd('\n').Split('\n')[^1]).RootElement;
    }

    /// <summary>Ends all trouble, and waits until the proxy knows.</summary>
    public async Task MendAsync()
    {
        Trouble.End();
        while ((await CallAsync("GET", "explain", ("bucket", Buckets[0].Name), ("key", "is-it-there"))).GetProperty("remote").GetProperty("found").GetString() == "failed")
        {
            await Task.Delay(5);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        await _remote.DisposeAsync();
        _folder.Dispose();
    }

    private async Task StartProxyAsync() => Proxy = await OverlayHost.StartAsync(
        _store?.Endpoint,
        _remote.Endpoint,
        new ImpatientTimeProvider(),
        ("S3_OVERLAY_DATA_DIR", _folder["data"]),
        ("S3_OVERLAY_SPOOL_DIR", _folder["spool"]),
        ("S3_OVERLAY_DURABLE", "false"),
        ("S3_OVERLAY_BUCKET_MAPPING", "mapped:below/pre"),
        ("S3_OVERLAY_CACHE_ENABLED", _cache == ModelCache.Off ? "false" : "true"),
        ("S3_OVERLAY_CACHE_PLACE", _layer == ModelLayer.Place ? "bucket" : "cache-bucket"),
        ("S3_OVERLAY_REVALIDATE", _cache == ModelCache.Compared ? "always" : "never"),
        ("S3_OVERLAY_CHUNK_THRESHOLD", $"{ChunkThreshold >> 10}KiB"),
        ("S3_OVERLAY_CHUNK_SIZE", $"{ChunkThreshold >> 11}KiB"),
        ("S3_OVERLAY_REMOTE_FIRST_BYTE_TIMEOUT", "24h"),
        ("S3_OVERLAY_REMOTE_STALL_TIMEOUT", "24h"),
        ("S3_OVERLAY_REMOTE_BUDGET", "48h"));
}
