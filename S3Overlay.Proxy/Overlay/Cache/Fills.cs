using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>
/// Gives reads an entry to follow: from a lookup that found one, or from one shared request to the remote. Updates entries and their
/// readers when an object changed at the remote or here.
/// </summary>
internal sealed class Fills(
    ReadSettings settings, CacheEntries entries, NegativeCache absent, TimeProvider time, ILogger logger, ProxyMeters? meters)
{
    private static readonly TimeSpan ReadAheadPause = TimeSpan.FromSeconds(10);

    private readonly Admission _admission = new(settings.MinUses);
    private long _completed;
    private long _mismatches;

    /// <summary>When read-ahead last found no room, as a timestamp; 0 for never.</summary>
    private long _noRoomAhead;

    public ReadSettings Settings => settings;

    public ILogger Logger => logger;

    public BackgroundVerifier Checks { get; } = new(logger);

    public FrozenDrift Drift { get; } = new(meters, time, logger);

    public InFlightTable Objects { get; } = new();

    /// <summary>Counts local writes and deletes. A fill compares before and after its request.</summary>
    public KeyGenerations Generations { get; } = new();

    public long Completed => Volatile.Read(ref _completed);

    /// <summary>Complete fills whose bytes did not match the ETag.</summary>
    public long Mismatches => Volatile.Read(ref _mismatches);

    /// <summary>
    /// False for a while after read-ahead found no room: retrying would cost a request each time, and take room from readers.
    /// </summary>
    public bool MayReadAhead => Volatile.Read(ref _noRoomAhead) is var at && (at == 0 || time.GetElapsedTime(at) >= ReadAheadPause);

    private bool AbortsWhenLeft => settings.FillOnAbort == FillOnAbort.Drop;

    public void CountCompleted() => Interlocked.Increment(ref _completed);

    public void CountMismatch() => Interlocked.Increment(ref _mismatches);

    /// <summary>Counts and traces a fill. Call <see cref="FillTrace.End"/> once.</summary>
    public FillTrace Trace(bool isAhead = false) => new(meters, isAhead);

    /// <summary>Counts and traces a read's waits for fills.</summary>
    public FillSubscription Follow(bool isExact = false) => new(meters) { IsExact = isExact };

    /// <summary>True if an entry must never be replaced: the cache is frozen, and the entry has bytes (or the object is empty).</summary>
    public bool IsFrozen(ICacheEntry entry) => settings.IsFrozen && entry.HasBytes;

    /// <summary>
    /// The remote did not bring what an entry lacks, so the next lookup asks the store once more for what it failed to deliver. Records
    /// drift if the entry is frozen and the remote no longer has its version.
    /// </summary>
    /// <returns>The drift, for readers whose bytes are missing; else null.</returns>
    public RemoteException? DriftOf(string bucket, ICacheEntry entry, RemoteException failure)
    {
        entry.RetryUndelivered();
        return failure.MeansGone && IsFrozen(entry) ? Drift.Of(bucket, failure) : null;
    }

    /// <summary>Pauses read-ahead: the store has no room for it.</summary>
    public void PauseReadAhead() => Volatile.Write(ref _noRoomAhead, Math.Max(1, time.GetTimestamp()));

    /// <summary>Counts a miss. True if it may start a fill (rule E2). A fill under way is always joined.</summary>
    public bool Admits(ObjectName name) => Objects.Find(name) is not null || _admission.Admits(name);

    /// <summary>Makes the caller a reader of an entry that was found. Takes over the entry in any case.</summary>
    /// <param name="name">The object.</param>
    /// <param name="remote">Its remote bucket.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="read">The caller.</param>
    /// <param name="mayLookAgain">True if the caller would rather look again than follow an entry that was evicted since: what is
    /// missing of it cannot be stored, and the remote may have another version.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null if the caller must look again.</returns>
    public async ValueTask<ActiveEntry?> AttachAsync(ObjectName name, RemoteBucket remote, ICacheEntry entry, FillSubscription read,
        bool mayLookAgain, CancellationToken cancellationToken)
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
                    if (!mayLookAgain || used.Entry.IsCurrent)
                    {
                        return used;
                    }

                    await used.LeaveAsync();
                    return null;
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
    /// neither an entry, a response nor a failure is returned, the object cannot be cached and the caller must ask the remote itself.
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
            var (current, pending, isStarter) = Objects.JoinOrBegin(name, outdated, () => new InFlightTable.PendingFill(Trace(), read));
            if (pending is null)
            {
                return new FillStart(current, IsOfAnother: true);
            }

            if (isStarter)
            {
                var first = new FirstRange(range, settings.ChunkSize);
                // Nothing in it waits for a disk before the remote has answered, so it may begin on the reader's socket thread.
                _ = RunAsync(pending, name, remote, first, completions);
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

    /// <summary>Runs a pending fill to its end. Never throws: waiting reads get the failure.</summary>
    private async Task RunAsync(InFlightTable.PendingFill pending, ObjectName name, RemoteBucket remote, FirstRange range,
        long completions)
    {
        var generation = Generations.Of(name.Bucket, name.Key);
        var asked = time.GetUtcNow();
        RemoteObject? response = null;
        pending.Trace.Enter();
        try
        {
            // Look once more only if another pending fill completed since the lookup: a second lookup before every miss would cost a round
            // trip where the store is remote.
            if (Objects.Completions(name) != completions && await entries
                .FindAsync(name, remote, LookupHint.Info, CancellationToken.None) is { } filled)
            {
                pending.Trace.End(Outcomes.NotNeeded);
                pending.FoundFilled = true;
                Open(pending, new ActiveEntry(name, remote, filled, this), isCurrent: true, null, range);
                return;
            }

            var first = remote.Read(name.Key) with { Range = range.Text };
            var asking = await absent.AskAsync(name, (remote, first, pending),
                static about => about.remote.Remote.TryGetAsync(about.first, about.pending.Cancellation));
            if (asking.Failure is { } refused)
            {
                Fail(pending, name, refused);
                return;
            }

            response = asking.Found!;
            if (range.IsUnsatisfiable(response.Info.Size))
            {
                // Only the block around it has bytes.
                await response.DisposeAsync();
                Fail(pending, name, new RemoteException(RemoteFailure.InvalidRange, "The object ends before the range.")
                {
                    ActualSize = response.Info.Size,
                });
                return;
            }

            var entry = ETags.IsStrong(response.Info.ETag) ? await entries.CreateAsync(name, remote, response.Info, asked) : null;
            if (entry is null)
            {
                pending.Trace.End(Outcomes.NotHeld);
                Objects.Forget(name, pending);
                await pending.PassOnAsync(response);
                return;
            }

            var active = new ActiveEntry(name, remote, entry, this);
            var isCurrent = Generations.Of(name.Bucket, name.Key) == generation;
            if (!isCurrent)
            {
                await EvictFromStoreAsync(active);
            }

            Open(pending, active, isCurrent, response, range);
            response = null;
            if (isCurrent && Generations.Of(name.Bucket, name.Key) != generation)
            {
                active.Retire();
            }
        }
        catch (Exception failure)
        {
            Fail(pending, name, failure);
            if (response is not null)
            {
                await response.DisposeAsync();
            }
        }
    }

    private void Fail(InFlightTable.PendingFill pending, ObjectName name, Exception failure)
    {
        pending.Trace.End(failure is OperationCanceledException ? Outcomes.Dropped : Outcomes.Failed, failure switch
        {
            OperationCanceledException => null,
            RemoteException refused => refused.Failure.ToString(),
            _ => failure.GetType().Name,
        });
        Objects.Forget(name, pending);
        pending.Fail(failure);
    }

    private void Open(InFlightTable.PendingFill pending, ActiveEntry active, bool isCurrent, RemoteObject? response, FirstRange range)
    {
        active.Enter(1);
        if (response is not null)
        {
            active.StartWith(response, range, pending);
        }

        Objects.Opened(pending, active, isCurrent);
        _ = active.LeaveAsync().AsTask();
    }

    /// <summary>Evicts the entry from the store. Retire it afterwards.</summary>
    public ValueTask EvictFromStoreAsync(ActiveEntry active) => entries.EvictAsync(active.Name, active.Entry.Info.ETag);

    /// <summary>Records that a cached version was current at a time, with its headers if they changed. Never fails.</summary>
    public ValueTask RenewAsync(ObjectName name, string etag, DateTimeOffset validatedAt, ObjectInfo? info) =>
        entries.RenewAsync(name, etag, validatedAt, info);

    /// <summary>Evicts a version that is no longer current. Current readers go on; there are no new ones. Never fails.</summary>
    public async ValueTask EvictAsync(ObjectName name, string etag)
    {
        await entries.EvictAsync(name, etag);
        if (Objects.Find(name) is { } active && active.Entry.Info.ETag == etag)
        {
            active.Retire();
        }
    }

    /// <summary>A snapshot to take before the remote is asked, for <see cref="RefillAsync"/>.</summary>
    public RefillPoint PointOf(ObjectName name) => new(Generations.Of(name.Bucket, name.Key), Objects.Completions(name));

    /// <summary>
    /// Fills a new version in place of an evicted one, if it is cached whole and the key was neither changed nor opened since. Returns once
    /// the bytes are being stored. Never fails.
    /// </summary>
    public async ValueTask RefillAsync(ObjectName name, RemoteBucket remote, ObjectInfo info, string outdated, RefillPoint since)
    {
        if (AbortsWhenLeft || !ETags.IsStrong(info.ETag) || entries.ChunkSizeOf(info) > 0
            || PointOf(name) != since)
        {
            return;
        }

        using var read = Follow();
        try
        {
            var start = await OpenAsync(name, remote, null, since.Completions, outdated, isFromNow: false, read, CancellationToken.None);
            if (start.Uncached is { } uncached)
            {
                await uncached.DisposeAsync();
            }

            if (start.Active is { } active)
            {
                await active.LeaveAsync();
            }
        }
        catch (Exception)
        {
            // Best effort: the next read asks the remote and gets the error.
        }
    }

    /// <summary>A client wrote or deleted the key: a fill that started earlier must not leave an entry (rule C3).</summary>
    public async ValueTask InvalidateAsync(ObjectName name)
    {
        Generations.Advance(name.Bucket, name.Key);
        Objects.Find(name)?.Retire();
        await entries.EvictAllAsync(name);
    }

    /// <summary>Fills that started earlier leave no entry. Existing entries stay.</summary>
    public void InvalidateAll() => Generations.AdvanceAll();

    /// <summary>What a miss got from the remote. If the first three are null, the object cannot be cached, and the caller must
    /// ask the remote.</summary>
    /// <param name="Active">The entry, with the caller as a reader.</param>
    /// <param name="Uncached">A response that cannot be cached; the caller disposes it.</param>
    /// <param name="Failure">Why the remote did not deliver the object.</param>
    /// <param name="IsOfAnother">Whether the request was another read's, and may have started earlier.</param>
    internal readonly record struct FillStart(
        ActiveEntry? Active = null, RemoteObject? Uncached = null, RemoteException? Failure = null, bool IsOfAnother = false);
}
