using S3Overlay.Proxy.Overlay.Cache.Filling;
using S3Overlay.Proxy.Overlay.Cache.Freshness;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Reads remote-owned keys, those neither written nor deleted here: from what is held, from a fill under way, or from the remote.
/// </summary>
/// <remarks>
/// <code>
///   GET, HEAD
///     0  the remote is known to lack it              -> 404, where nothing is held               Freshness/NegativeCache
///     1  a sub-resource, version, part, client's key -> the remote, as it is            BYPASS   SubResourceReads, PartReads
///     2  caching off, or the client says no-store    -> streamed through, nothing kept   BYPASS   PassThroughReads
///     3  a copy is held                                                                           CachedReads
///          3a  which is not to be believed           -> the remote is asked first                 Freshness/EntryFreshness
///                                                       another version                  -> 4
///          3b  and every byte wanted                 -> sent from the copy               HIT      HitReads, EntrySender
///                                                       the remote just said so          REVALIDATED
///                                                       past its life, no remote         STALE
///          3c  but not every byte                    -> 5, each further request with If-Match
///          3d  and the client says only-if-cached    -> 3b without a question, else 504
///     4  nothing is held                                                                          MissReads
///          4a  HEAD, or conditions                   -> one HEAD; done, or on
///          4b  missed too few times to be held       -> streamed through                 BYPASS   Admission
///          4c  one GET for all who come meanwhile                                                 Fills, FillStarter
///                                                    and who may not believe it       -> 3a, or 4c again where it was refused or not there
///          4d  which has no strong ETag, or the store fails
///                                                    -> streamed through                 BYPASS   PassThroughReads
///     5  a fill runs into the copy's file, readers
///        follow it there                                                                 MISS     FillReader, ActiveEntry, Fill
///          5a  a byte held                           -> sent
///          5b  a byte being fetched                  -> waited for
///          5c  a byte nobody fetches                 -> a fill is started for it
///          5d  the store fails meanwhile             -> the rest is streamed through              FillReader
///     6  the remote has another version by then      -> before the first byte: from 3 again; after it: cut (rule R7)
/// </code>
/// A write or delete is seen by every read that starts after it, whatever fill is running: the caller resolved the key before it came here,
/// and what is written or deleted outranks all of this (rule C3). A read that began before may still be given the remote's bytes.
/// </remarks>
public sealed class RemoteReader : IRemoteReader, IAsyncDisposable
{
    private readonly ReadSettings _settings;
    private readonly ReadErrors _errors;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly PassThroughReads _streamed = new();
    private readonly SubResourceReads _subResources;
    private readonly NegativeCache _absent;
    private readonly EntryFreshness? _freshness;
    private readonly CachedReads? _held;
    private readonly CacheEntries? _copies;
    private readonly CachedVersions? _versions;
    private readonly MissingChecksums? _checksums;

    /// <summary>A reader.</summary>
    /// <param name="settings">How to read.</param>
    /// <param name="store">Where copies are held; null while caching is off.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where failures are told.</param>
    /// <param name="meters">Counts fills; null where nobody counts.</param>
    public RemoteReader(ReadSettings settings, ICacheStore? store, TimeProvider time, ILogger<RemoteReader> logger,
        OverlayMeters? meters = null)
    {
        (_settings, _time, _logger) = (settings, time, logger);
        _absent = new NegativeCache(settings.Freshness.NegativeLife, time);
        _errors = new ReadErrors(settings, logger);
        if (settings.CacheEnabled && store is not null)
        {
            _copies = new CacheEntries(settings, store, logger);
            Fills = new Fills(settings, _copies, time, _absent, logger, meters);
            _versions = new CachedVersions(Fills, _copies);
            var patience = new RevalidationBudget(settings.Freshness, time, logger);
            _freshness = new EntryFreshness(settings.Freshness, new Revalidations(
                settings.Freshness, _versions, patience, _absent, time, meters), _versions, patience, time);
            _checksums = new MissingChecksums(_versions, patience, time);
            var readAhead = new ReadAhead(settings);
            var followed = new FillReader(readAhead, time);
            var cold = new MissReads(Fills, _streamed, followed, readAhead, _freshness, _absent, _checksums);
            _held = new CachedReads(Fills, _copies, new HitReads(readAhead), followed, cold, _freshness, _absent, _checksums);
        }

        _subResources = new SubResourceReads(_streamed, new PartReads(_copies, _versions, Fills, _freshness));
    }

    /// <summary>The fills under way; null while caching is off.</summary>
    internal Fills? Fills { get; }

    /// <summary>How many questions about copies are on their way to the remote, be it that a reader waits for one or not.</summary>
    internal int Revalidating => _freshness?.Revalidating ?? 0;

    /// <summary>
    /// How many copies are being compared while they are served, or fetched anew; their questions count in <see cref="Revalidating"/> too.
    /// </summary>
    internal int Refreshing => _freshness?.Refreshing ?? 0;

    /// <summary>Ends what is done with copies while nobody waits for it. What is asked of it until then goes on.</summary>
    public ValueTask DisposeAsync() => Fills?.Checks.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <inheritdoc/>
    public async Task<bool> AnswerAsync(
        S3Request request, S3Response answer, RemoteBucket remote, WrittenRead local, CancellationToken cancellationToken)
    {
        try
        {
            return await AnswerOrFailAsync(request, answer, remote, local, cancellationToken);
        }
        catch (S3Exception failure) when (!answer.HasStarted && !answer.Headers.ContainsKey(OriginHeaders.Layer))
        {
            // Of an error too it is said where it comes from (rule T4): of a copy that could not be judged nothing was prepared yet.
            if (failure.Error == S3Errors.GatewayTimeout)
            {
                ResponseOrigin.NotHeld(answer);
            }
            else
            {
                ResponseOrigin.Miss(answer);
            }

            throw;
        }
    }

    private async Task<bool> AnswerOrFailAsync(
        S3Request request, S3Response answer, RemoteBucket remote, WrittenRead local, CancellationToken cancellationToken)
    {
        using var deadline = new ResponseDeadline(answer, _settings.Budget, _time, cancellationToken);
        try
        {
            var isPlain = !SubResourceReads.IsOne(request);
            var directives = ClientDirectives.Of(request, _settings.Freshness);
            if (isPlain && _held is not null && (directives & (ReadDirectives.Bypass | ReadDirectives.OnlyHeld)) != ReadDirectives.Bypass)
            {
                return await _held.AnswerAsync(request, answer, remote, local, directives, deadline);
            }

            if (await local.IsDeleted)
            {
                return false;
            }

            if (isPlain && (directives & (ReadDirectives.Compare | ReadDirectives.Bypass)) == ReadDirectives.None)
            {
                _absent.ThrowIfHas(new ObjectName(request.Bucket, request.Key));
            }

            if (directives.HasFlag(ReadDirectives.OnlyHeld))
            {
                throw new S3Exception(S3Errors.GatewayTimeout);
            }

            if (!isPlain)
            {
                await _subResources.AnswerAsync(request, answer, remote, mayBeOfHeld: directives == ReadDirectives.None, deadline.Waiting);
            }
            else
            {
                await _absent.AskAsync(
                    new ObjectName(request.Bucket, request.Key),
                    (_streamed, request, answer, remote, cancellationToken: deadline.Waiting),
                    static async about =>
                    {
                        await about._streamed.AnswerAsync(
                            about.request, about.answer, about.remote, RemoteReads.Whole(about.remote, about.request.Key),
                            about.cancellationToken);
                        return true;
                    });
            }

            return true;
        }
        catch (RemoteException failure) when (!answer.HasStarted)
        {
            throw _errors.Of(failure, request);
        }
        catch (OperationCanceledException late) when (deadline.HasPassed && !answer.HasStarted)
        {
            throw _errors.Of(new RemoteException(RemoteFailure.Unavailable, "The remote did not answer in time.", late), request);
        }
        catch (VersionChangedException changed) when (!answer.HasStarted)
        {
            throw _errors.Of(new RemoteException(RemoteFailure.Changed, changed.Message, changed), request);
        }
        catch (Exception failure) when (answer.HasStarted && failure is RemoteException or VersionChangedException or IOException)
        {
            // Whatever comes now, it is not the rest of what was begun (rule R7).
            Log.AnswerCut(_logger, request.RequestId, failure.Message);
            answer.Abort();
            return true;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ObjectInfo?> HeadAsync(string bucket, string key, RemoteBucket remote, bool mayBeStale,
        CancellationToken cancellationToken)
    {
        var name = new ObjectName(bucket, key);
        if (_copies is not null && await _copies.FindAsync(name, remote, LookupHint.Info, cancellationToken) is { } copy)
        {
            await using (copy)
            {
                return await InfoAsync(name, remote, copy, mayBeStale, cancellationToken);
            }
        }

        if (mayBeStale && _absent.Has(name))
        {
            return null;
        }

        try
        {
            return await _absent.AskAsync(name, (remote, key, cancellationToken),
                static about => RemoteReads.HeadAsync(about.remote, about.key, about.cancellationToken));
        }
        catch (RemoteException failure) when (_errors.MeansAbsent(failure))
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ObjectInfo> WithChecksumsAsync(string bucket, string key, RemoteBucket remote, ObjectInfo info,
        CancellationToken cancellationToken)
    {
        if (_checksums is null || info.AreChecksumsKnown)
        {
            return info;
        }

        // A copy takes what is learned of it only as of no earlier than it is itself.
        var name = new ObjectName(bucket, key);
        await using var copy = await _copies!.FindAsync(name, remote, LookupHint.Info, cancellationToken);
        return await _checksums.CompleteAsync(name, remote, info, copy?.ValidatedAt ?? DateTimeOffset.MinValue, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<S3Body> OpenAsync(
        string bucket, string key, RemoteBucket remote, ObjectInfo expected, ByteRange? range, bool isCurrent,
        CancellationToken cancellationToken)
    {
        var copy = await FindAsync(bucket, key, remote, expected, cancellationToken);
        var body = new EntryBody(copy, remote, key, expected, range ?? new ByteRange(0, expected.Size - 1),
            gone => Gone(bucket, copy, gone));
        try
        {
            await body.OpenAsync(isCurrent, cancellationToken);
            return body;
        }
        catch
        {
            await body.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> HoldsAsync(string bucket, string key, RemoteBucket remote, ObjectInfo version,
        CancellationToken cancellationToken)
    {
        await using var copy = await FindAsync(bucket, key, remote, version, cancellationToken);
        return copy is not null && (version.Size == 0 || CacheEntries.Covers(copy, new ByteRange(0, version.Size - 1)));
    }

    /// <inheritdoc/>
    public ValueTask InvalidateAsync(string bucket, string key)
    {
        var name = new ObjectName(bucket, key);
        _absent.Forget(name);
        return _versions?.InvalidateAsync(name) ?? ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public bool CanUse(ICacheEntry copy, string bucket, string key, RemoteBucket remote) =>
        _copies?.IsOf(copy, new ObjectName(bucket, key), remote) ?? false;

    /// <inheritdoc/>
    public bool IsFresh(ICacheEntry copy) => _freshness?.IsFresh(copy) ?? false;

    /// <inheritdoc/>
    public void InvalidateAll()
    {
        _absent.ForgetAll();
        _versions?.InvalidateAll();
    }

    /// <inheritdoc/>
    public bool IsFrozen => Fills is not null && _settings.Freshness.IsFrozen;

    /// <inheritdoc/>
    public void NoteDrift(string bucket) => Fills?.Drift.Note(bucket);

    /// <inheritdoc/>
    public async ValueTask<RemoteException> GoneAsync(
        string bucket, string key, RemoteBucket remote, ObjectInfo expected, RemoteException gone, CancellationToken cancellationToken)
    {
        await using var copy = await FindAsync(bucket, key, remote, expected, cancellationToken);
        return Gone(bucket, copy, gone);
    }

    /// <inheritdoc/>
    public void NoteListed(string bucket, string key) => _absent.Forget(new ObjectName(bucket, key));

    /// <summary>The copy that is held of a version; null where there is none.</summary>
    private async ValueTask<ICacheEntry?> FindAsync(string bucket, string key, RemoteBucket remote, ObjectInfo version,
        CancellationToken cancellationToken)
    {
        var copy = _copies is null ? null
            : await _copies.FindAsync(new ObjectName(bucket, key), remote, LookupHint.Info, cancellationToken);
        if (copy is null || (copy.Info.ETag == version.ETag && copy.Info.Size == version.Size))
        {
            return copy;
        }

        await copy.DisposeAsync();
        return null;
    }

    private RemoteException Gone(string bucket, ICacheEntry? copy, RemoteException gone) =>
        copy is not null && Fills!.IsFrozen(copy) ? Fills.Drift.Of(bucket, gone) : gone;

    /// <summary>
    /// What the object is now of which a copy is held; null where it is gone. Of a copy that is kept, though the remote refuses to say,
    /// nothing is guessed.
    /// </summary>
    private async ValueTask<ObjectInfo?> InfoAsync(ObjectName name, RemoteBucket remote, ICacheEntry copy, bool mayBeStale,
        CancellationToken cancellationToken)
    {
        try
        {
            return (await _freshness!.JudgeAsync(name, remote, copy, mayBeStale, isDoubted: false, cancellationToken)).Info;
        }
        catch (RemoteException gone) when (gone.Failure is RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket)
        {
            return null;
        }
    }
}
