using System.Text.Json;

using S3Overlay.Proxy.Administration.Commands;
using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Model.Operations;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>A whole proxy over its layers, and the model beside it.</summary>
internal sealed class ModelScene : IAsyncDisposable
{
    /// <summary>Objects above this are kept in chunks of half of it.</summary>
    public const int ChunkThreshold = 32 << 10;

    private readonly ModelFolder _folder = new();
    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly ScriptedRemote _remote;
    private StoreServer? _store;
    private ModelProxies _proxies = null!;

    private ModelScene(ModelLayer layer, ModelCache cache, bool remembersAbsence, ScriptedRemote remote)
    {
        (Layer, _remote, Freshness, View) = (layer, remote, new ModelFreshness(cache), new ModelView(this));
        Buckets = [new("same", "same", "", isMapped: false, () => Now), new("mapped", "below", "pre/", isMapped: true, () => Now)];
        Absences = new ModelAbsences(remembersAbsence ? ModelFreshness.NegativeLife : TimeSpan.Zero);
    }

    /// <summary>The buckets: one under its own name, one that is a prefix of another.</summary>
    public IReadOnlyList<ModelBucket> Buckets { get; }

    public ModelLayer Layer { get; }

    /// <summary>What reads and listings may show.</summary>
    public ModelView View { get; }

    /// <summary>When requests of the remote were last to fail.</summary>
    public DateTimeOffset LastTrouble { get; private set; } = DateTimeOffset.MinValue;

    public ModelFreshness Freshness { get; }

    public ModelAbsences Absences { get; }

    public DateTimeOffset Now => _clock.GetUtcNow();

    public int Proxy { get; private set; }

    public RemoteTrouble Trouble { get; } = new();

    /// <summary>The trouble of the store, if it is an S3 endpoint.</summary>
    public StoreTrouble StoreTrouble { get; } = new();

    /// <summary>The trouble of the disk, if the store is the built-in one.</summary>
    public DiskTrouble DiskTrouble { get; } = new();

    /// <summary>Whether the store may have refused to cache something.</summary>
    public bool MayNotKeep => MayRefuse || StoreTrouble.Happened;

    /// <summary>Whether the store is full. For the built-in one, whether its disk is.</summary>
    public bool IsFull { get; private set; }

    /// <summary>
    /// Whether a change may be refused because the disk is full or fails. Then nothing has changed, except the steps that the change
    /// takes one by one.
    /// </summary>
    public bool MayRefuse => IsFull || DiskTrouble.Happened;

    /// <summary>Whether such a refusal happened since this was reset.</summary>
    public bool WasRefused { get; set; }

    public bool IsShared => Layer == ModelLayer.SharedStore;

    public Dictionary<int, ModelUpload> Uploads { get; } = [];

    /// <summary>The ids of uploads that were completed or aborted.</summary>
    public HashSet<string> EndedUploads { get; } = [];

    /// <summary>What was saved before a revert, by slot.</summary>
    public Dictionary<int, ModelArchive> Archives { get; } = [];

    /// <summary>Where changes are promoted to: the remote, for clients that may write.</summary>
    public ModelUpstream Upstream { get; private set; } = null!;

    /// <summary>A folder for files of commands.</summary>
    public TemporaryFolder Files { get; } = new();

    public Dictionary<int, ListingCursor> Listings { get; } = [];

    public static async Task<ModelScene> StartAsync(ModelLayer layer, ModelCache cache, bool remembersAbsence)
    {
        var remote = await ScriptedRemote.StartAsync();
        var scene = new ModelScene(layer, cache, remembersAbsence, remote);
        remote.Script = scene.Trouble.AnswerAsync;
        scene.Upstream = await ModelUpstream.StartAsync(scene);
        foreach (var bucket in scene.Buckets)
        {
            remote.AddBucket(bucket.RemoteName);
        }

        if (layer != ModelLayer.Embedded)
        {
            var store = scene._store = await StoreServer.StartAsync(scene._clock);
            store.Fail = request => scene.IsFull && request.Method is ("PUT" or "POST") ? (507, "InsufficientStorage")
                : scene.StoreTrouble.Answer(request);
            store.Before = call => Task.WhenAll(scene._proxies.Reaper.BeforeAsync(call), scene.StoreTrouble.BeforeAsync(call));
            store.After = call => Task.WhenAll(scene._proxies.Reaper.AfterAsync(call), scene.StoreTrouble.AfterAsync(call));
            store.Take = scene.StoreTrouble.Hang;
            store.Alter = request => request.HttpContext.Response.Headers.Date = HttpDates.Header(scene._clock.GetUtcNow());
        }

        scene._proxies = new ModelProxies(scene._clock, scene.IsShared ? 2 : 1, scene.StartProxyAsync, () => scene.StoreTrouble.IsHanging);
        await scene._proxies.StartAsync();
        return scene;
    }

    /// <exception cref="Mismatch">The proxy violated the model.</exception>
    public async Task RunAsync(ModelOperation operation)
    {
        _proxies.Turn(operation.Proxy);
        Proxy = IsShared ? operation.Proxy : 0;
        var before = Buckets.Select(bucket => (bucket.Exists, bucket.IsOpaque, bucket.HasLocal)).ToList();
        var began = Now;
        await operation.RunAsync(this);
        NoteTrouble();
        if (operation.MayMakeForget)
        {
            Absences.Doubt();
        }

        View.NoteLooks(began, hasLearned: operation is ReadObject);
        foreach (var bucket in Buckets)
        {
            bucket.NoteVisible();
        }

        if (!before.SequenceEqual(Buckets.Select(bucket => (bucket.Exists, bucket.IsOpaque, bucket.HasLocal))))
        {
            await _proxies.ShareAsync();
        }
    }

    /// <summary>Ends the proxy and starts it again over what it has on disk.</summary>
    /// <param name="without">A folder of the built-in store that is deleted first. Empty for none.</param>
    /// <param name="room">How many disk steps succeed in a failing start before that one. Null if there is no failing
    /// start.</param>
    /// <param name="fault">How the disk fails then.</param>
    /// <param name="steps">Which of its steps fail.</param>
    /// <param name="between">Runs once the proxy has ended.</param>
    public Task RestartAsync(string without = "", int? room = null, DiskFault fault = DiskFault.Full, DiskSteps steps = DiskSteps.Write,
        Action? between = null) => _proxies.RestartAsync(async () =>
    {
        between?.Invoke();
        Forgotten();
        _folder.Remove(without);
        if (room is { } taken)
        {
            await StartOnFailingDiskAsync(taken, fault, steps);
        }
    });

    /// <summary>The store works again: waits until the proxy has probed it.</summary>
    public Task ProbeAsync() => _proxies.ProbeAsync();

    /// <summary>
    /// Starts a proxy on a disk that fails at once or soon, and ends it again. A failed start is no mismatch if it reports the reason.
    /// </summary>
    private async Task StartOnFailingDiskAsync(int room, DiskFault fault, DiskSteps steps)
    {
        var trouble = new DiskTrouble();
        trouble.Begin(fault, room, int.MaxValue, steps);
        try
        {
            await using var proxy = await OverlayHost.StartOnDiskAsync(
                new TroubledDisk(trouble), _remote.Endpoint, _clock, ModelSettings.Of(this, _folder.Data, _folder.Spool));
        }
        catch (StartupException)
        {
            // The next start finds everything unchanged.
        }
    }

    /// <summary>The proxy dies at a step that it takes toward its disk or store from now on.</summary>
    public void Arm(int step, bool isAfter) => _proxies.Reaper.Arm(step, isAfter, _store is null ? _folder.PutAside : static () => { });

    /// <summary>Kills it now unless it is dead, and restarts it with what it left.</summary>
    public Task KillAsync()
    {
        _proxies.Reaper.Kill();
        return _proxies.ReplaceAsync(() =>
        {
            _proxies.Reaper.Rest();
            if (_store is null)
            {
                _folder.Next();
            }

            Forgotten();
        });
    }

    /// <summary>A process is gone, with its memory and its unsaved cache metadata.</summary>
    private void Forgotten()
    {
        Absences.Forget(Proxy);
        DoubtEntries();
    }

    /// <summary>No entry is certain to be cached any more.</summary>
    public void DoubtEntries()
    {
        foreach (var bucket in Buckets)
        {
            bucket.DoubtEntries();
        }
    }

    /// <summary>Puts an object at the remote, behind the proxy's back.</summary>
    public void PutRemote(ModelBucket bucket, string key, ObjectVersion version)
    {
        if (ObjectKeys.IsTooLong(bucket.RemoteKey(key)))
        {
            return;
        }

        var item = new ScriptedObject(version.Bytes, version.ETag, DateTimeOffset.UtcNow, [(ObjectVersion.MetaHeader, version.Meta)])
        {
            PartSize = version.Parts.Select(part => part.Length).FirstOrDefault(), IsItsFirstPart = version.Parts.Count == 0,
            Parts = version.Parts,
        };
        _remote.Put(bucket.RemoteName, bucket.RemoteKey(key), item);
        bucket.Remote[key] = version;
    }

    /// <summary>Deletes one there.</summary>
    public void RemoveRemote(ModelBucket bucket, string key)
    {
        _remote.Remove(bucket.RemoteName, bucket.RemoteKey(key));
        bucket.Remote.Remove(key);
    }

    /// <summary>Fills the store, or makes room.</summary>
    public void SetFull(bool isFull)
    {
        IsFull = isFull;
        if (_store is not null)
        {
            return;
        }

        if (isFull)
        {
            DiskTrouble.Begin(DiskFault.Full, 0, int.MaxValue);
        }
        else
        {
            DiskTrouble.End();
        }
    }

    /// <summary>Whether a response with this version may be cut: the rest of a partial entry may be gone.</summary>
    public bool MayEndEarly(ModelBucket bucket, string key, ObjectVersion shown) =>
        !bucket.IsDecidedHere(key) && (Trouble.IsDown || bucket.Remote.GetValueOrDefault(key) != shown);

    /// <summary>Whether an unconditional write or delete may fail now.</summary>
    public bool MayFailToWrite(ModelBucket bucket) => MayRefuse || (Trouble.IsDown && bucket.IsKnownByRemoteAlone);

    /// <summary>Sends a request to a bucket or key, and waits until nothing of it is under way any more.</summary>
    public async Task<RawResponse> SendAsync(string method, ModelBucket bucket, string? key, string query = "", byte[]? body = null,
        params (string Name, string Value)[] headers)
    {
        var target = $"/{bucket.Name}{(key is null ? "" : "/" + UriEncoding.EncodeKey(key))}{(query.Length == 0 ? "" : "?" + query)}";
        var response = await _proxies.SendAsync(method, target, body, headers);
        var late = StoreTrouble.Happened || DiskTrouble.Happened ? LateErrors.StatusOf(response) : null;
        response = late is { } status ? response with { Status = status } : response;
        StoreTrouble.Judge(response, isLate: late is not null);
        response = response with { Status = Judge(response.Status) };
        Expect.That(response.Status != 503 || StoreTrouble.Happened || response.Headers.ContainsKey("Retry-After"),
            $"{method} {target}: 503, and no word of when to come again.");
        if (response.Status is 0 or 500)
        {
            throw new Mismatch($"{method} {target}: {(response.Status == 0 ? "the connection was cut" : "500 " + response.Text)}");
        }

        return response;
    }

    /// <summary>The current proxy, as commands reach it.</summary>
    public ProxyAddress Address => new(_proxies.Current.Endpoint, new("minioadmin", "minioadmin"), "us-east-1") { Time = _clock };

    /// <summary>Sends a request of an administrator, and waits until nothing of it is under way any more.</summary>
    public Task<RawResponse> AdministerAsync(string method, string target) => _proxies.SendAsync(method, target);

    /// <summary>Waits for a command that uses the current proxy, and until nothing of it is under way any more.</summary>
    /// <exception cref="ProcessKilledException">The proxy was killed before it ended.</exception>
    public Task<T> CommandAsync<T>(Func<CancellationToken, Task<T>> run) => _proxies.CommandAsync(run);

    /// <returns>The last that it says.</returns>
    public async Task<JsonElement> CallAsync(string method, string call, params (string Name, string Value)[] parameters)
    {
        var query = string.Join('&', parameters.Select(parameter => $"{parameter.Name}={UriEncoding.EncodeComponent(parameter.Value)}"));
        var response = await _proxies.SendAsync(method, $"/-/v1/{call}?{query}");
        StoreTrouble.Judge(response);
        var told = JsonDocument.Parse(response.Text.TrimEnd('\n').Split('\n')[^1]).RootElement;
        StoreTrouble.Judge(told);
        var error = told.TryGetProperty("error", out var late) ? late : told;
        WasRefused |= DiskTrouble.Happened && error.TryGetProperty("code", out var code) && code.GetString() == DiskTrouble.Told;
        return told;
    }

    /// <summary>Whether a call was refused because no layer has what it is about.</summary>
    /// <exception cref="Mismatch">A layer has it.</exception>
    public static bool IsMissing(JsonElement told, ModelBucket bucket, string? key)
    {
        // After progress lines the error is part of the last one.
        var error = told.TryGetProperty("error", out var late) ? late : told;
        if (!error.TryGetProperty("code", out var code) || code.GetString() is not ("NoSuchKey" or "NoSuchBucket"))
        {
            return false;
        }

        Expect.That(code.GetString() == "NoSuchBucket" ? !bucket.Exists
            : key is not null && !bucket.Written.ContainsKey(key) && !bucket.Tombstones.Contains(key)
                && (bucket.IsOpaque || !bucket.Remote.ContainsKey(key)), $"A layer has it: {told}");
        return true;
    }

    /// <summary>The meaning of a status: a failed disk is an internal error of the proxy, and means the same as a full disk.</summary>
    private int Judge(int status)
    {
        if (!DiskTrouble.Happened || status is not (500 or 503 or 507))
        {
            return status;
        }

        Expect.That(status != 503 || Trouble.IsDown || Freshness.Cache == ModelCache.Frozen, "503, and it is the disk that fails.");
        Expect.That(status != 507 || DiskTrouble.Told == "InsufficientStorage", "507, and the disk has room.");
        var isRefused = status == 507 || (status == 500 && DiskTrouble.Told == "InternalError");
        WasRefused |= isRefused;
        return isRefused ? 507 : status;
    }

    /// <summary>Ends the remote's trouble, or lets requests fail from now on.</summary>
    /// <param name="failures">How many of its requests fail, in addition to other trouble. Null if nothing else is wrong.</param>
    public Task MendRemoteOrFailAsync(int? failures)
    {
        if (failures is not { } count)
        {
            return MendAsync();
        }

        if (count > 0)
        {
            Trouble.FailNext(count);
        }

        NoteTrouble();
        return Task.CompletedTask;
    }

    private void NoteTrouble() => LastTrouble = Trouble.IsOn ? Now : LastTrouble;

    /// <summary>Ends all trouble, and waits until every proxy knows.</summary>
    public Task MendAsync()
    {
        NoteTrouble();
        Trouble.End();
        return _proxies.ForEachAsync(async () =>
        {
            // The recovery of one bucket says nothing about another.
            for (var (at, seconds) = (0, 0); at < Buckets.Count;)
            {
                var told = await CallAsync("GET", "explain", ("bucket", Buckets[at].Name), ("key", "is-it-there"));
                if (told.GetProperty("remote").GetProperty("found").GetString() != "failed")
                {
                    at++;
                    continue;
                }

                Expect.That(++seconds < 60, $"The remote is back for a minute, and still not asked: {told}");
                _clock.Advance(TimeSpan.FromSeconds(1));
            }
        });
    }

    public Task WaitAsync(TimeSpan time)
    {
        _clock.Advance(time);
        return _proxies.ShareAsync();
    }

    /// <summary>Lets enough time pass that no other proxy can still be inside a delete.</summary>
    public void LetDeletesEnd()
    {
        if (IsShared)
        {
            _clock.Advance(TimeSpan.FromMinutes(1));
        }
    }

    public async ValueTask DisposeAsync()
    {
        _proxies.Reaper.Rest();
        await _proxies.DisposeAsync();
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        await Upstream.DisposeAsync();
        await _remote.DisposeAsync();
        Files.Dispose();
        _folder.Dispose();
    }

    private Task<OverlayHost> StartProxyAsync() => _store is { } store
        ? OverlayHost.StartAsync(store.Endpoint, _remote.Endpoint, _clock, ModelSettings.Of(this, _folder.Data, _folder.Spool))
        : OverlayHost.StartOnDiskAsync(new MortalDisk(_proxies.Reaper, DiskTrouble), _remote.Endpoint, _clock,
            ModelSettings.Of(this, _folder.Data, _folder.Spool));
}

/// <summary>A disk of whose steps each may be the last one of a process.</summary>
internal sealed class MortalDisk(Reaper reaper, DiskTrouble trouble) : TroubledDisk(trouble)
{
    protected override void Step(Action half, Action rest) => reaper.Step(half, rest);
}
