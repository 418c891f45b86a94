using S3Overlay.Proxy.Administration.Commands;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Model.Operations;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>A whole proxy over its layers, and the model beside it.</summary>
internal sealed partial class ModelScene : IAsyncDisposable
{
    /// <summary>Objects above this are kept in chunks.</summary>
    public const int ChunkThreshold = 32 << 10;

    private readonly ModelFolder _folder = new();
    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly ScriptedRemote _remote;
    private StoreServer? _store;
    private ModelProxies _proxies = null!;

    private ModelScene(ModelLayer layer, ModelCache cache, bool remembersAbsence, bool hasParts, ScriptedRemote remote)
    {
        (Layer, ChunkSize, _remote) = (layer, hasParts ? 128 << 10 : 16 << 10, remote);
        (Freshness, View) = (new ModelFreshness(cache), new ModelView(this));
        Buckets = [new("same", "same", "", isMapped: false, () => Now), new("mapped", "below", "pre/", isMapped: true, () => Now)];
        Absences = new ModelAbsences(remembersAbsence ? ModelFreshness.NegativeLife : TimeSpan.Zero);
    }

    /// <summary>The buckets: one under its own name, one that is a prefix of another.</summary>
    public IReadOnlyList<ModelBucket> Buckets { get; }

    public ModelLayer Layer { get; }

    /// <summary>Bytes of a chunk: less than a block, so that it is cached whole or not at all, or two blocks.</summary>
    public int ChunkSize { get; }

    /// <summary>What reads and listings may show.</summary>
    public ModelView View { get; }

    /// <summary>When requests of the remote were last to fail.</summary>
    public DateTimeOffset LastTrouble { get; private set; } = DateTimeOffset.MinValue;

    public ModelFreshness Freshness { get; }

    public ModelAbsences Absences { get; }

    public DateTimeOffset Now => _clock.GetUtcNow();

    public int Proxy { get; private set; }

    /// <summary>Where requests go.</summary>
    public ModelProxies Proxies => _proxies;

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

    public static async Task<ModelScene> StartAsync(ModelLayer layer, ModelCache cache, bool remembersAbsence, bool hasParts)
    {
        var remote = await ScriptedRemote.StartAsync();
        var scene = new ModelScene(layer, cache, remembersAbsence, hasParts, remote);
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

    /// <summary>The current proxy, as commands reach it.</summary>
    public ProxyAddress Address => new(_proxies.Current.Endpoint, new("minioadmin", "minioadmin"), "us-east-1") { Time = _clock };

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
}
