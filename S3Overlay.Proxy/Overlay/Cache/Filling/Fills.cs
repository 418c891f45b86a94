using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Cache.Freshness;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>Gives reads an entry to follow: from a lookup that found one, or from one shared request to the remote.</summary>
internal sealed class Fills
{
    private static readonly TimeSpan ReadAheadPause = TimeSpan.FromSeconds(10);

    private readonly CacheEntries _entries;
    private readonly FillStarter _starter;
    private readonly Admission _admission;
    private readonly TimeProvider _time;

    /// <summary>When read-ahead last found no room, as a timestamp; 0 for never.</summary>
    private long _noRoomAhead;

    public Fills(ReadSettings settings, CacheEntries entries, TimeProvider time, NegativeCache absent, ILogger logger,
        OverlayMeters? meters)
    {
        (Settings, Logger, _entries, _time) = (settings, logger, entries, time);
        _admission = new Admission(settings.MinUses);
        _starter = new FillStarter(this, entries, absent, time);
        Telemetry = new FillTelemetry(meters);
        Checks = new BackgroundVerifier(logger);
        Drift = new FrozenDrift(meters, time, logger);
    }

    public ReadSettings Settings { get; }

    public ILogger Logger { get; }

    public FillTelemetry Telemetry { get; }

    public BackgroundVerifier Checks { get; }

    /// <summary>
    /// False for a while after read-ahead found no room: retrying would cost a request each time, and take room from readers.
    /// </summary>
    public bool MayReadAhead =>
        Volatile.Read(ref _noRoomAhead) is var at && (at == 0 || _time.GetElapsedTime(at) >= ReadAheadPause);

    public FrozenDrift Drift { get; }

    public InFlightTable Objects { get; } = new();

    /// <summary>Counts local writes and deletes. A fill compares before and after its request.</summary>
    public KeyGenerations Generations { get; } = new();

    private bool AbortsWhenLeft => Settings.FillOnAbort == FillOnAbort.Drop;

    /// <summary>True if an entry must never be replaced: the cache is frozen, and the entry has bytes (or the object is empty).</summary>
    public bool IsFrozen(ICacheEntry entry) => Settings.Freshness.IsFrozen && (entry.Info.Size == 0 || entry.FirstHeld(0) is not null);

    /// <summary>Pauses read-ahead: the store has no room for it.</summary>
    public void PauseReadAhead() => Volatile.Write(ref _noRoomAhead, Math.Max(1, _time.GetTimestamp()));

    /// <summary>Counts a miss. True if it may start a fill (rule E2). A fill under way is always joined.</summary>
    public bool Admits(ObjectName name) => Objects.Find(name) is not null || _admission.Admits(name);

    /// <summary>Makes the caller a reader of an entry that was found. Takes over the entry in any case.</summary>
    /// <returns>Null if another version replaced it.</returns>
    public async ValueTask<ActiveEntry?> AttachAsync(ObjectName name, RemoteBucket remote, ICacheEntry entry, FillSubscription read,
        CancellationToken cancellationToken)
    {
        var found = new ActiveEntry(name, remote, entry, this);
        ActiveEntry? used = null;
        try
        {
            while (true)
            {
                used = Objects.JoinOrPut(found, out var pending);
                if (used is not null)
                {
                    return used;
                }

                read.Wait(pending!.Trace, isOwn: false);
                ActiveEntry? opened = null;
                try
                {
                    opened = await pending.WaitAsync(isStarter: false, AbortsWhenLeft, cancellationToken);
                }
                catch (Exception) when (!cancellationToken.IsCancellationRequested)
                {
                    // The failure belongs to another read; the entry found is still good.
                }

                if (opened?.Entry.Info.ETag == entry.Info.ETag)
                {
                    return opened;
                }

                if (opened is not null)
                {
                    await opened.LeaveAsync();
                    return null;
                }
            }
        }
        finally
        {
            if (used != found)
            {
                await entry.DisposeAsync();
            }
        }
    }

    /// <summary>
    /// Starts a fill, or joins one: concurrent misses share one request to the remote. The caller is a reader of the entry returned. If
    /// neither an entry nor a response is returned, the object cannot be cached and the caller must ask the remote itself.
    /// </summary>
    /// <param name="name">The object.</param>
    /// <param name="remote">Its remote bucket.</param>
    /// <param name="range">What the caller wants of it.</param>
    /// <param name="completions"><see cref="InFlightTable.Completions"/> before the caller's lookup found nothing.</param>
    /// <param name="outdated">The ETag of a version that the remote just replaced; null for none.</param>
    /// <param name="isFromNow">True if a failure counts only when the request began after this call.</param>
    /// <param name="read">The caller.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<FillStart> OpenAsync(
        ObjectName name, RemoteBucket remote, RangeHeader? range, long completions, string? outdated, bool isFromNow, FillSubscription read,
        CancellationToken cancellationToken)
    {
        // A pending fill joined after one failed began after this call.
        for (var mayBeOlder = true; ; mayBeOlder = false)
        {
            var (current, pending, isStarter) = Objects.JoinOrBegin(name, outdated, () => new PendingFill(Telemetry.Begin(), read));
            if (pending is null)
            {
                return new FillStart(current, IsOfAnother: true);
            }

            if (isStarter)
            {
                _ = Task.Run(() => _starter.RunAsync(pending, name, remote, range, completions), CancellationToken.None);
            }

            read.Wait(pending.Trace, isStarter);
            try
            {
                var active = await pending.WaitAsync(isStarter, AbortsWhenLeft, cancellationToken);
                if (pending.Failure is not { } failure)
                {
                    return new FillStart(active, active is null && isStarter ? pending.TakeUncached() : null,
                        IsOfAnother: !isStarter || pending.FoundFilled);
                }

                // Ask again if the range was another client's, or if the object may exist by now.
                var mayDiffer = !isStarter
                    && (failure.Failure == RemoteFailure.InvalidRange || (isFromNow && mayBeOlder && IsOfTheObject(failure)));
                if (!mayDiffer)
                {
                    return new FillStart(Failure: failure);
                }
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // All waiting reads had left before this one joined.
            }
        }
    }

    /// <summary>True if the failure says something about the object. If the remote is down, one wait is enough.</summary>
    private static bool IsOfTheObject(RemoteException failure) =>
        failure.Failure is RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket or RemoteFailure.AccessDenied or RemoteFailure.Other;

    /// <summary>Evicts the entry from the store. Retire it afterwards.</summary>
    public ValueTask DropAsync(ActiveEntry active) => _entries.DropAsync(active.Name, active.Entry.Info.ETag);
}

/// <summary>What a miss got from the remote. If all is null, the object is not cacheable and the caller must ask the remote.</summary>
/// <param name="Active">The entry, with the caller as a reader.</param>
/// <param name="Uncached">A response that cannot be cached; the caller disposes it.</param>
/// <param name="Failure">Why the remote did not deliver the object.</param>
/// <param name="IsOfAnother">Whether the request was another read's, and may have started earlier.</param>
internal readonly record struct FillStart(
    ActiveEntry? Active = null, RemoteObject? Uncached = null, RemoteException? Failure = null, bool IsOfAnother = false);
