using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Cache.Freshness;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>
/// How reads come by an object that is filled while they follow it: by a copy that was found of it, or by asking the remote, once for all
/// who come meanwhile.
/// </summary>
internal sealed class Fills
{
    private readonly CacheEntries _copies;
    private readonly FillStarter _opener;
    private readonly Admission _admission;

    /// <summary>None so far.</summary>
    /// <param name="settings">How remote-owned keys are read.</param>
    /// <param name="copies">What is held of them.</param>
    /// <param name="time">The clock.</param>
    /// <param name="absent">What is known of keys that the remote has not.</param>
    /// <param name="logger">Where fills say what goes wrong.</param>
    /// <param name="meters">Counts fills; null where nobody counts.</param>
    public Fills(ReadSettings settings, CacheEntries copies, TimeProvider time, NegativeCache absent, ILogger logger, OverlayMeters? meters)
    {
        (Settings, Logger, _copies) = (settings, logger, copies);
        _admission = new Admission(settings.MinUses);
        _opener = new FillStarter(this, copies, absent, time);
        Telemetry = new FillTelemetry(meters);
        Checks = new BackgroundVerifier(logger);
        ReadAheadBackoff = new ReadAheadBackoff(time);
        Drift = new FrozenDrift(meters, time, logger);
    }

    /// <summary>How remote-owned keys are read.</summary>
    public ReadSettings Settings { get; }

    /// <summary>Where fills say what goes wrong.</summary>
    public ILogger Logger { get; }

    /// <summary>What fills tell of themselves.</summary>
    public FillTelemetry Telemetry { get; }

    /// <summary>Compares objects in chunks once they are whole.</summary>
    public BackgroundVerifier Checks { get; }

    /// <summary>Whether the store has room for more than what is read.</summary>
    public ReadAheadBackoff ReadAheadBackoff { get; }

    /// <summary>Tells where the remote has other versions than frozen copies.</summary>
    public FrozenDrift Drift { get; }

    /// <summary>The objects in use, and those being opened.</summary>
    public InFlightTable Objects { get; } = new();

    /// <summary>How often keys were written or deleted here: what a fill notes before it asks the remote.</summary>
    public KeyGenerations Generations { get; } = new();

    private bool DropsWhenLeft => Settings.FillOnAbort == FillOnAbort.Drop;

    /// <summary>
    /// Whether a copy is never to be replaced: copies are frozen, and this one holds bytes, or all there are of an empty object.
    /// </summary>
    public bool IsFrozen(ICacheEntry copy) => Settings.Freshness.IsFrozen && (copy.Info.Size == 0 || copy.FirstHeld(0) is not null);

    /// <summary>
    /// Whether a read that finds nothing held is to begin a fill; counts it (rule E2). One that is under way is joined in any case.
    /// </summary>
    public bool Admits(ObjectName name) => Objects.Find(name) is not null || _admission.Admits(name);

    /// <summary>
    /// Makes a copy that was found one in use, or joins those who use it. The copy is taken over in any case; the caller is a reader of
    /// what it gets.
    /// </summary>
    /// <param name="name">The object.</param>
    /// <param name="remote">Where it is.</param>
    /// <param name="copy">What was found of it.</param>
    /// <param name="read">The read that found it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="VersionChangedException">Another version took the copy's place meanwhile.</exception>
    public async ValueTask<ActiveEntry> AttachAsync(ObjectName name, RemoteBucket remote, ICacheEntry copy, FillSubscription read,
        CancellationToken cancellationToken)
    {
        var found = new ActiveEntry(name, remote, copy, this);
        ActiveEntry? used = null;
        try
        {
            while (true)
            {
                used = Objects.JoinOrPut(found, out var opening);
                if (used is not null)
                {
                    return used;
                }

                read.Wait(opening!.Trace, isOwn: false);
                ActiveEntry? opened = null;
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
            if (used != found)
            {
                await copy.DisposeAsync();
            }
        }
    }

    /// <summary>
    /// Opens an object of which nothing is held: one request to the remote for all who come meanwhile. The caller is a reader of what it
    /// gets. Neither of the two: it cannot be held, and the caller is to ask for itself. What is another's may have been asked for before
    /// the caller came.
    /// </summary>
    /// <param name="name">The object.</param>
    /// <param name="remote">Where it is.</param>
    /// <param name="range">What the caller wants of it.</param>
    /// <param name="openings">What <see cref="InFlightTable.Openings"/> said before the caller looked for a copy and found none.</param>
    /// <param name="outdated">The ETag of a version that the remote has just said it has no more; null for none.</param>
    /// <param name="isFromNow">Whether that the remote does not give the object must have been asked after the caller came.</param>
    /// <param name="read">The caller.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RemoteException">The remote did not give it.</exception>
    public async Task<(ActiveEntry? Held, RemoteObject? Unheld, bool IsOfAnother)> OpenAsync(
        ObjectName name, RemoteBucket remote, RangeHeader? range, long openings, string? outdated, bool isFromNow, FillSubscription read,
        CancellationToken cancellationToken)
    {
        // An opening that is joined once another has failed was begun after that one, and so after the caller came.
        for (var mayBeOlder = true; ; mayBeOlder = false)
        {
            var (current, opening, isStarter) = Objects.JoinOrBegin(name, outdated, () => new PendingFill(Telemetry.Begin(), read));
            if (opening is null)
            {
                return (current, null, true);
            }

            if (isStarter)
            {
                _ = Task.Run(() => _opener.RunAsync(opening, name, remote, range, openings), CancellationToken.None);
            }

            read.Wait(opening.Trace, isStarter);
            try
            {
                var held = await opening.WaitAsync(isStarter, DropsWhenLeft, cancellationToken);
                return (held, held is null && isStarter ? opening.TakeUnheld() : null, !isStarter || opening.FoundFilled);
            }
            catch (RemoteException unsatisfiable) when (unsatisfiable.Failure == RemoteFailure.InvalidRange && !isStarter)
            {
                // That range was another client's.
            }
            catch (RemoteException older) when (isFromNow && mayBeOlder && !isStarter && IsOfTheObject(older))
            {
                // It may be there by now.
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // All who waited had left when this one came.
            }
        }
    }

    /// <summary>Whether a failure says what the remote has, or lets be read. Of one that is away, one wait is enough.</summary>
    private static bool IsOfTheObject(RemoteException failure) =>
        failure.Failure is RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket or RemoteFailure.AccessDenied or RemoteFailure.Other;

    /// <summary>Drops the copy of an object's version. The object is still to be retired.</summary>
    public ValueTask DropAsync(ActiveEntry held) => _copies.DropAsync(held.Name, held.Copy.Info.ETag);
}
