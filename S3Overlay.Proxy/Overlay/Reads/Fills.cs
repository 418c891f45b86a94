using System.Collections.Concurrent;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Overlay.Freshness;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reads;

/// <summary>The objects that are being read or filled right now, and the ones being opened.</summary>
internal sealed class Fills(ReadSettings settings, IHeldStore store, TimeProvider time, AbsentKeys absent, ILogger logger, OverlayMeters? meters) : IHeldVersions
{
    private readonly ConcurrentDictionary<ObjectName, HeldObject> _inUse = new();
    private readonly Dictionary<ObjectName, Opening> _opening = [];
    private readonly Lock _lock = new();
    private readonly KeyGenerations _generations = new();
    private readonly Admission _admission = new(settings.MinUses);

    /// <summary>How many openings of a key have come to their end.</summary>
    private readonly KeyGenerations _opened = new();
    private long _fills;
    private long _mismatches;

    /// <summary>How remote-owned keys are read.</summary>
    public ReadSettings Settings => settings;

    /// <summary>Where fills say what goes wrong.</summary>
    public ILogger Logger => logger;

    /// <summary>How many fills came to their end.</summary>
    public long Completed => Volatile.Read(ref _fills);

    /// <summary>How many whole fills were not what their ETag promised.</summary>
    public long Mismatches => Volatile.Read(ref _mismatches);

    /// <summary>How many objects are in use.</summary>
    public int InUse => _inUse.Count;

    /// <summary>Tells where the remote has other versions than frozen copies.</summary>
    public FrozenDrift Drift { get; } = new(meters, time, logger);

    private bool DropsWhenLeft => settings.FillOnLeave == FillOnLeave.Drop;

    /// <summary>Whether an object of this kind can be held at all (rule R9).</summary>
    public static bool CanHold(ObjectInfo info) => info.ETag.Length > 0 && !ETags.IsWeak(info.ETag);

    /// <summary>Whether a copy is never to be replaced: copies are frozen, and this one holds bytes.</summary>
    public bool IsFrozen(IHeldCopy copy) => settings.Freshness.IsFrozen && copy.FirstHeld(0) is not null;

    /// <summary>The object, where it is in use.</summary>
    public HeldObject? Find(ObjectName name) => _inUse.GetValueOrDefault(name);

    /// <summary>Whether a read that finds nothing held is to begin a fill; counts it (rule E2). One that is under way is joined in any case.</summary>
    public bool Admits(ObjectName name) => _inUse.ContainsKey(name) || _admission.Admits(name);

    /// <summary>What changes when somebody opens the object: to be noted before a copy is looked for, and given to <see cref="OpenAsync"/>.</summary>
    public long Openings(ObjectName name) => _opened.Of(name.Bucket, name.Key);

    /// <summary>The copy held of an object, where it is of this remote and cut as it would be today; another one is dropped (rule R7).</summary>
    /// <exception cref="S3Exception">ServiceUnavailable where that cannot be told, and copies are frozen.</exception>
    public async ValueTask<IHeldCopy?> FindAsync(ObjectName name, RemoteBucket remote, HeldWish wish, CancellationToken cancellationToken)
    {
        IHeldCopy? copy;
        try
        {
            copy = await store.FindAsync(name.Bucket, name.Key, wish, cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            Log.HeldStoreFailed(logger, name.Bucket, failure);
            if (settings.Freshness.IsFrozen && failure is not InvalidDataException)
            {
                // The remote's may be another version than the one that cannot be looked for.
                throw S3Exception.ForNow(S3Errors.ServiceUnavailable, 2, "What is held cannot be looked for at the moment.", failure);
            }

            return null;
        }

        return copy is null ? null : await TakeAsync(copy, name, remote, cancellationToken);
    }

    /// <summary>The copy that was found of an object, where it is of this remote and cut as it would be today; another one is dropped.</summary>
    public async ValueTask<IHeldCopy?> TakeAsync(IHeldCopy copy, ObjectName name, RemoteBucket remote, CancellationToken cancellationToken)
    {
        if (IsOf(copy, name, remote))
        {
            return copy;
        }

        var etag = copy.Info.ETag;
        await copy.DisposeAsync();
        try
        {
            await store.DropAsync(name.Bucket, name.Key, etag, cancellationToken);
        }
        catch (IOException failure)
        {
            // What takes its place is of the right kind; until then it is found and left alone each time.
            Log.HeldCleaningFailed(logger, failure);
        }

        return null;
    }

    /// <summary>
    /// Makes a copy that was found one in use, or joins those who use it: a file has one object, so that no byte is fetched or stored by two. The copy is
    /// taken over in any case; the caller is a reader of what it gets.
    /// </summary>
    /// <param name="name">The object.</param>
    /// <param name="remote">Where it is.</param>
    /// <param name="copy">What was found of it.</param>
    /// <param name="read">The read that found it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="VersionChangedException">Another version took the copy's place meanwhile.</exception>
    public async ValueTask<HeldObject> AttachAsync(ObjectName name, RemoteBucket remote, IHeldCopy copy, Following read, CancellationToken cancellationToken)
    {
        HeldObject? made = null;
        try
        {
            while (true)
            {
                HeldObject? opened = null;
                Opening? opening;
                lock (_lock)
                {
                    // A copy can be found before the opening that made it has come to its end.
                    if (!_opening.TryGetValue(name, out opening) || !opening.TryJoin())
                    {
                        return JoinOrMake(name, remote, copy, out made);
                    }
                }

                read.Wait(opening.Trace, isOwn: false);
                try
                {
                    opened = await opening.WaitAsync(isStarter: false, DropsWhenLeft, cancellationToken);
                }
                catch (Exception failure) when (failure is RemoteException || !cancellationToken.IsCancellationRequested)
                {
                    // That was another's request; what was found is there all the same.
                }

                if (opened?.Copy.Info.ETag == copy.Info.ETag)
                {
                    return opened;
                }

                if (opened is not null)
                {
                    await opened.LeaveAsync();
                    throw new VersionChangedException();
                }
            }
        }
        finally
        {
            if (made is null)
            {
                await copy.DisposeAsync();
            }
        }
    }

    /// <summary>
    /// Opens an object of which nothing is held: one request to the remote for all who come meanwhile. The caller is a reader of what it gets. Neither
    /// of the two: it cannot be held, and the caller is to ask for itself.
    /// </summary>
    /// <param name="name">The object.</param>
    /// <param name="remote">Where it is.</param>
    /// <param name="range">What the caller wants of it.</param>
    /// <param name="openings">What <see cref="Openings"/> said before the caller looked for a copy and found none.</param>
    /// <param name="outdated">The ETag of a version that the remote has just said it has no more; null for none.</param>
    /// <param name="read">The caller.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RemoteException">The remote did not give it.</exception>
    public async Task<(HeldObject? Held, RemoteObject? Unheld)> OpenAsync(
        ObjectName name, RemoteBucket remote, RangeHeader? range, long openings, string? outdated, Following read, CancellationToken cancellationToken)
    {
        while (true)
        {
            Opening? opening;
            var isStarter = false;
            lock (_lock)
            {
                if (_inUse.TryGetValue(name, out var current) && current.Copy.Info.ETag != outdated && current.TryEnter())
                {
                    return (current, null);
                }

                if (!_opening.TryGetValue(name, out opening) || !opening.TryJoin())
                {
                    _opening[name] = opening = new Opening(Begin(), read);
                    isStarter = true;
                }
            }

            if (isStarter)
            {
                _ = Task.Run(() => RunAsync(opening, name, remote, range, openings), CancellationToken.None);
            }

            read.Wait(opening.Trace, isStarter);
            try
            {
                var held = await opening.WaitAsync(isStarter, DropsWhenLeft, cancellationToken);
                return (held, held is null && isStarter ? opening.TakeUnheld() : null);
            }
            catch (RemoteException unsatisfiable) when (unsatisfiable.Failure == RemoteFailure.InvalidRange && !isStarter)
            {
                // That range was another client's.
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // All who waited had left when this one came.
            }
        }
    }

    /// <summary>Takes an object off the list of those in use.</summary>
    public void Remove(HeldObject held) => _inUse.TryRemove(KeyValuePair.Create(held.Name, held));

    /// <inheritdoc/>
    public async ValueTask RenewAsync(ObjectName name, string etag, DateTimeOffset validatedAt, ObjectInfo? info)
    {
        try
        {
            await store.RenewAsync(name.Bucket, name.Key, etag, validatedAt, info, CancellationToken.None);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException or OperationCanceledException)
        {
            Log.HeldRenewalFailed(logger, name.Bucket, failure);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DropAsync(ObjectName name, string etag)
    {
        await DropCopyAsync(name, etag);
        if (Find(name) is { } held && held.Copy.Info.ETag == etag)
        {
            held.Retire();
        }
    }

    /// <inheritdoc/>
    public RefillPoint PointOf(ObjectName name) => new(_generations.Of(name.Bucket, name.Key), Openings(name));

    /// <inheritdoc/>
    public async ValueTask RefillAsync(ObjectName name, RemoteBucket remote, ObjectInfo info, string outdated, RefillPoint since)
    {
        if (DropsWhenLeft || !CanHold(info) || ChunkSizeOf(info) > 0 || PointOf(name) != since)
        {
            return;
        }

        using var read = Follow();
        try
        {
            var (held, unheld) = await OpenAsync(name, remote, null, since.Openings, outdated, read, CancellationToken.None);
            if (unheld is not null)
            {
                await unheld.DisposeAsync();
            }

            if (held is not null)
            {
                await held.LeaveAsync();
            }
        }
        catch (Exception)
        {
            // Nobody waits for it: the next reader asks himself, and is told what is wrong.
        }
    }

    /// <summary>Drops the copy of an object's version. The object is still to be retired.</summary>
    public ValueTask DropAsync(HeldObject held) => DropCopyAsync(held.Name, held.Copy.Info.ETag);

    private async ValueTask DropCopyAsync(ObjectName name, string etag)
    {
        try
        {
            await store.DropAsync(name.Bucket, name.Key, etag, CancellationToken.None);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException or OperationCanceledException)
        {
            // A copy of an old version that stays is outranked, or found out by the next listing; those who read go on.
            Log.HeldCleaningFailed(logger, failure);
        }
    }

    /// <summary>The key was written or deleted here: no fill that began before leaves a copy behind (rule C3).</summary>
    public async ValueTask InvalidateAsync(ObjectName name)
    {
        _generations.Advance(name.Bucket, name.Key);
        Find(name)?.Retire();
        await store.DropAsync(name.Bucket, name.Key, null, CancellationToken.None);
    }

    /// <summary>No fill that began before leaves a copy behind, whatever it is of. What is held already stays.</summary>
    public void InvalidateAll() => _generations.AdvanceAll();

    /// <summary>A read that may have to wait for fills.</summary>
    public Following Follow() => new(meters);

    /// <summary>Tells that a fill begins, which is told of by <see cref="End"/> once more.</summary>
    /// <param name="isAhead">Whether nobody waits for it yet.</param>
    /// <returns>What it tells of itself; null where nobody listens.</returns>
    public FillTrace? Begin(bool isAhead = false)
    {
        meters?.FillStarted();
        return FillTrace.Start(isAhead);
    }

    /// <summary>Tells how a fill ended.</summary>
    public void End(FillTrace? trace, string outcome, string? error = null)
    {
        trace?.End(outcome, error);
        meters?.FillEnded(outcome);
    }

    /// <summary>Counts a fill that came to its end.</summary>
    public void CountFill() => Interlocked.Increment(ref _fills);

    /// <summary>Counts a fill that was not what its ETag promised.</summary>
    public void CountMismatch() => Interlocked.Increment(ref _mismatches);

    /// <summary>The caller has the lock.</summary>
    private HeldObject JoinOrMake(ObjectName name, RemoteBucket remote, IHeldCopy copy, out HeldObject? made)
    {
        made = null;
        var current = _inUse.GetValueOrDefault(name);

        // One whose copy another process replaced, with the same version perhaps, would fill what nobody finds.
        if (current is not null && current.Copy.Info.ETag == copy.Info.ETag && current.Copy.IsCurrent && current.TryEnter())
        {
            return current;
        }

        made = new HeldObject(name, remote, copy, this);
        made.Enter(1);
        if (!copy.IsCurrent)
        {
            // Dropped since it was found. Others may fill it still, and a file has one who fills it: what this reader lacks is not stored.
            made.Detach();
            return made;
        }

        _inUse[name] = made;
        current?.Retire();
        return made;
    }

    /// <summary>How much to ask for before the object's size is known: from the first needed byte to the end of the last touched chunk (rule R10).</summary>
    private string? FirstRange(RangeHeader? range)
    {
        if (range is not { First: { } first, Last: { } last })
        {
            return RemoteReads.Text(range);
        }

        var end = FillPlan.EndOfChunk(last, settings.ChunkSize) - 1;
        return RemoteReads.Text(new ByteRange(first, end));
    }

    private async Task RunAsync(Opening opening, ObjectName name, RemoteBucket remote, RangeHeader? range, long openings)
    {
        var generation = _generations.Of(name.Bucket, name.Key);
        var asked = time.GetUtcNow();
        RemoteObject? answered = null;
        opening.Trace?.Enter();
        try
        {
            // Another opening may have come to its end, and its fill too, between the caller's looking and this one's beginning. Looking once more for any other
            // reason would put a call to a store behind a network before every first byte.
            if (Openings(name) != openings && await FindAsync(name, remote, HeldWish.Info, CancellationToken.None) is { } filled)
            {
                End(opening.Trace, Outcomes.NotNeeded);
                Open(opening, new HeldObject(name, remote, filled, this), isCurrent: true, null);
                return;
            }

            var first = RemoteReads.Whole(remote, name.Key) with { Range = FirstRange(range) };
            answered = await absent.AskAsync(name, (remote, first, opening), static about => about.remote.Remote.GetAsync(about.first, about.opening.Cancellation));
            var copy = CanHold(answered.Info) ? await CreateAsync(name, remote, answered.Info, asked) : null;
            if (copy is null)
            {
                End(opening.Trace, Outcomes.NotHeld);
                Forget(name, opening);
                await opening.PassOnAsync(answered);
                return;
            }

            var held = new HeldObject(name, remote, copy, this);
            var isCurrent = _generations.Of(name.Bucket, name.Key) == generation;
            if (!isCurrent)
            {
                await DropAsync(held);
            }

            Open(opening, held, isCurrent, answered);
            answered = null;
            if (isCurrent && _generations.Of(name.Bucket, name.Key) != generation)
            {
                held.Retire();
            }
        }
        catch (Exception failure)
        {
            if (failure is OperationCanceledException)
            {
                End(opening.Trace, Outcomes.Dropped);
            }
            else
            {
                End(opening.Trace, Outcomes.Failed, (failure as RemoteException)?.Failure.ToString() ?? failure.GetType().Name);
            }

            Forget(name, opening);
            opening.Fail(failure);
            if (answered is not null)
            {
                await answered.DisposeAsync();
            }
        }
    }

    private void Open(Opening opening, HeldObject held, bool isCurrent, RemoteObject? answered)
    {
        held.Enter(1);
        if (answered is not null)
        {
            held.StartWith(answered, opening);
        }

        lock (_lock)
        {
            Forget(held.Name, opening);
            if (isCurrent)
            {
                _inUse[held.Name] = held;
            }

            _opened.Advance(held.Name.Bucket, held.Name.Key);
            opening.Open(held);
        }

        _ = held.LeaveAsync().AsTask();
    }

    private void Forget(ObjectName name, Opening opening)
    {
        lock (_lock)
        {
            if (_opening.TryGetValue(name, out var current) && current == opening)
            {
                _opening.Remove(name);
            }
        }
    }

    private long ChunkSizeOf(ObjectInfo info) => info.Size <= settings.ChunkThreshold ? 0 : settings.ChunkSize;

    /// <summary>Whether a copy is of this remote, and cut as it would be today. Compared field by field: this is on the way of every warm read.</summary>
    public bool IsOf(IHeldCopy copy, ObjectName name, RemoteBucket remote)
    {
        var identity = copy.Identity;
        return identity.ChunkSize == ChunkSizeOf(copy.Info)
            && identity.Endpoint == remote.Remote.Endpoint
            && identity.Bucket == remote.Name
            && remote.IsRemoteKey(identity.Key, name.Key);
    }

    /// <summary>An empty copy; null where the store fails, which never fails the read.</summary>
    private async ValueTask<IHeldCopy?> CreateAsync(ObjectName name, RemoteBucket remote, ObjectInfo info, DateTimeOffset asked)
    {
        var identity = new HeldIdentity(remote.Remote.Endpoint, remote.Name, remote.RemoteKey(name.Key), ChunkSizeOf(info));
        try
        {
            return await store.CreateAsync(name.Bucket, name.Key, identity, info, asked, CancellationToken.None);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            Log.HeldStoreFailed(logger, name.Bucket, failure);
            return null;
        }
    }
}
