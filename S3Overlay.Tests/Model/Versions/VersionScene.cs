using System.Text.Json;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model.Versions;

/// <summary>
/// A whole proxy over the built-in store, with two accounts, and the model of its buckets beside it. The remote is well, and nothing is
/// cached: what is tested here are versions, not freshness.
/// </summary>
internal sealed class VersionScene : IAsyncDisposable
{
    private const string KeysFile =
        """
        [ { "accessKey": "main", "secretKey": "main-here", "rights": { "*": "owner" }, "admin": true, "id": "main-id" },
          { "accessKey": "clerk", "secretKey": "clerk-here", "rights": { "one": "write", "two": "write" }, "id": "main-id" },
          { "accessKey": "alt", "secretKey": "alt-here", "rights": { "*": "owner" }, "id": "alt-id" } ]
        """;

    private readonly ModelFolder _folder = new();
    private readonly TemporaryFolder _keys = new();
    private readonly Reaper _reaper = new();
    private readonly ScriptedRemote? _remote;
    private OverlayHost _proxy = null!;
    private int _hoursLeft;

    private VersionScene(ScriptedRemote? remote)
    {
        _remote = remote;
        Buckets = [new("one", remote is not null), new("two", false)];

        // The store looks at lifecycles on the hour after that, so never at midnight.
        Clock = new(new DateTimeOffset(2026, 3, 1, 12, 30, 0, TimeSpan.Zero));
    }

    /// <summary>The model: the first bucket is over the remote, if there is one.</summary>
    public VersionedBucket[] Buckets { get; }

    public ManualTimeProvider Clock { get; }

    public DateTimeOffset Now => Clock.GetUtcNow();

    public DiskTrouble DiskTrouble { get; } = new();

    /// <summary>Whether a request was refused for the disk since this was reset.</summary>
    public bool WasRefused { get; set; }

    public static async Task<VersionScene> StartAsync(bool hasRemote)
    {
        var remote = hasRemote ? await ScriptedRemote.StartAsync() : null;
        var scene = new VersionScene(remote);
        remote?.AddBucket("one");
        await File.WriteAllTextAsync(scene._keys["keys.json"], KeysFile);
        scene._proxy = await scene.StartProxyAsync();
        foreach (var bucket in scene.Buckets)
        {
            // Set, not only by default: then it is known what becomes of an ACL that gives nothing away.
            Expect.Status(await scene.SendAsync(
                ModelCaller.Owner, "PUT", bucket.Name, null, "", null, ("x-amz-object-ownership", "BucketOwnerEnforced")), 200);
        }

        return scene;
    }

    /// <summary>Sends a request. It ends with the proxy.</summary>
    /// <exception cref="ProcessKilledException">The proxy was killed before it responded.</exception>
    public async Task<RawResponse> SendAsync(ModelCaller caller, string method, string bucket, string? key, string query = "",
        byte[]? body = null, params (string Name, string Value)[] headers)
    {
        var target = $"/{bucket}{(key is null ? "" : "/" + UriEncoding.EncodeKey(key))}{(query.Length == 0 ? "" : "?" + query)}";
        var death = _reaper.Death;
        var name = caller switch { ModelCaller.Clerk => "clerk", ModelCaller.Other => "alt", _ => "main" };
        var http = new SignedHttp(_proxy.Endpoint, name, name + "-here") { Clock = Clock };
        var sending = caller == ModelCaller.Anonymous ? http.SendUnsignedAsync(method, target, body, headers)
            : http.SendAsync(method, target, body, headers);
        if (await Clock.RunAsync(Task.WhenAny(death, sending)) == death || death.IsCompleted)
        {
            throw new ProcessKilledException();
        }

        var response = await sending;
        Expect.That(response.Status is not (0 or 500 or 503) || IsRefusal(response),
            $"{method} {target}: {response.Status} {response.Text}");
        return response;
    }

    /// <summary>Sends a request of an administrator.</summary>
    public async Task<JsonElement> AdministerAsync(string method, string call, string query) =>
        JsonDocument.Parse((await SendAsync(ModelCaller.Owner, method, "-", $"v1/{call}", query)).Text.TrimEnd('\n').Split('\n')[^1])
            .RootElement;

    /// <summary>Whether a request was refused because the disk is full or fails.</summary>
    public bool IsRefusal(RawResponse response) => DiskTrouble.Happened
        && response.Status == (DiskTrouble.Told == "InsufficientStorage" ? 507 : 500);

    /// <summary>Puts an object at the remote. Null removes it.</summary>
    public void PutRemote(int bucket, string key, ObjectVersion? version)
    {
        var before = Buckets[bucket];
        if (version is null)
        {
            _remote!.Remove(before.Name, key);
            Buckets[bucket] = before with { Remote = before.Remote.Remove(key) };
            return;
        }

        _remote!.Put(before.Name, key, new ScriptedObject(version.Bytes, version.ETag, Now, [(ObjectVersion.MetaHeader, version.Meta)]));
        Buckets[bucket] = before with { Remote = before.Remote.SetItem(key, new ModelVersion(ModelVersion.Null, version, Now)) };
    }

    /// <summary>
    /// Moves the clock by whole days, and lets lifecycles do their work each hour.
    /// </summary>
    /// <exception cref="ProcessKilledException">The proxy was killed. The time that is left passes with the next one.</exception>
    public async Task AdvanceAsync(int days)
    {
        for (_hoursLeft = 24 * days; _hoursLeft > 0;)
        {
            await AdvanceHourAsync();
            if (_reaper.Death.IsCompleted)
            {
                throw new ProcessKilledException();
            }
        }
    }

    /// <summary>Ends the proxy and starts it again over what it has on disk.</summary>
    /// <param name="without">A database of the store that is deleted first. Empty for none.</param>
    /// <param name="between">Runs in between.</param>
    public async Task RestartAsync(string without, Action? between = null)
    {
        await Clock.RunAsync(EndedAsync(_proxy));
        between?.Invoke();
        _folder.Remove(without);
        await BeginAsync();
    }

    /// <summary>The proxy dies at a step that it takes toward its disk from now on.</summary>
    public void Arm(int step, bool isAfter) => _reaper.Arm(step, isAfter, _folder.PutAside);

    /// <summary>Kills it now unless it is dead, and starts another one with what it left. Time that was to pass, passes.</summary>
    public async Task KillAsync()
    {
        _reaper.Kill();
        await Clock.RunAsync(EndedAsync(_proxy));
        _reaper.Rest();
        _folder.Next();
        await BeginAsync();
        for (var hasPassed = false; _hoursLeft > 0;)
        {
            await AdvanceHourAsync();
            for (var i = 0; i < Buckets.Length && !hasPassed; i++)
            {
                Buckets[i] = Buckets[i] with { Lifecycle = Buckets[i].Lifecycle with { IsDue = false } };
            }

            hasPassed = true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _reaper.Rest();
        await Clock.RunAsync(EndedAsync(_proxy));
        await (_remote?.DisposeAsync() ?? default);
        _keys.Dispose();
        _folder.Dispose();
    }

    private async Task AdvanceHourAsync()
    {
        _hoursLeft--;
        Clock.Advance(TimeSpan.FromHours(1));
        await Clock.RunAsync(Task.WhenAny(_proxy.Services.Lifecycle!.Running, _reaper.Death));
    }

    /// <summary>A proxy starts, and looks at all lifecycles.</summary>
    private async Task BeginAsync()
    {
        _proxy = await Clock.RunAsync(StartProxyAsync());
        for (var i = 0; i < Buckets.Length; i++)
        {
            Buckets[i] = Buckets[i] with { Lifecycle = Buckets[i].Lifecycle with { IsDue = true } };
        }
    }

    /// <summary>With a log so short that it is compacted often.</summary>
    private Task<OverlayHost> StartProxyAsync() => OverlayHost.StartOnAsync(
        new() { Time = Clock, Disk = new MortalDisk(_reaper, DiskTrouble), LogSegmentSize = 8 << 10 }, null, _remote?.Endpoint,
        ("S3_OVERLAY_DATA_DIR", _folder.Data), ("S3_OVERLAY_SPOOL_DIR", _folder.Spool), ("S3_OVERLAY_DURABLE", "false"),
        ("S3_OVERLAY_KEYS_FILE", _keys["keys.json"]), ("S3_OVERLAY_UNMAPPED", "deny"),
        ("S3_OVERLAY_BUCKET_MAPPING", _remote is null ? "" : "one:one"), ("S3_OVERLAY_CACHE_ENABLED", "false"));

    /// <summary>A proxy that was killed may fail to end.</summary>
    private static Task<bool> EndedAsync(OverlayHost proxy) =>
        proxy.DisposeAsync().AsTask().ContinueWith(static ended => ended.IsFaulted, TaskScheduler.Default);
}
