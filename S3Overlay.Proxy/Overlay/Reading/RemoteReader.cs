using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Cache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>Reads keys that the remote owns, neither written nor deleted here: from the cache, a running fill, or the remote.</summary>
/// <remarks>
/// <code>
///   GET, HEAD
///     0  the remote is known not to have it          -> 404, unless it is cached                 NegativeCache
///     1  a sub-resource, version, part, client's key -> the remote, unchanged           BYPASS   SubResourceReads
///     2  caching off, or the client says no-store    -> pass through, store nothing     BYPASS   PassThroughReads
///     3  an entry was found                                                                      CachedReads
///          3a  not fresh                             -> ask the remote first                     EntryFreshness
///                                                       another version                  -> 4
///          3b  with every byte wanted                -> sent from the cache             HIT
///                                                       the remote just confirmed it    REVALIDATED
///                                                       past its lifetime, no remote    STALE
///          3c  but not every byte                    -> 5, each further request with If-Match
///          3d  the client says only-if-cached        -> 3b without a request, else 504
///     4  nothing was found                                                                       CachedReads
///          4a  HEAD, or conditions                   -> one HEAD; done, or on
///          4b  missed too few times to be cached     -> pass through                    BYPASS   Fills
///          4c  one GET shared by all misses                                                      Fills
///          4d  no strong ETag, or the store fails    -> pass through                    BYPASS   PassThroughReads
///     5  a fill writes into the entry, and readers
///        follow it                                                                      MISS     FillReader, ActiveEntry, Fill
///          5a  a cached byte                         -> sent
///          5b  a byte on its way                     -> waited for
///          5c  any other byte                        -> a fill is started for it
///          5d  the store fails                       -> the rest passes through                  FillReader
///     6  the remote has another version              -> before the first byte: from 3 again; after it: cut (rule R7)
/// </code>
/// Each step plans the response (<see cref="ReadPlan"/>); <see cref="ReadResponder"/> writes it with the first byte. A read sees all
/// local writes and deletes that finished before it began, whatever fill is running: the caller checked the key first (rule C3).
/// </remarks>
public sealed class RemoteReader : IRemoteReader, IAsyncDisposable
{
    private readonly ReadSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly NegativeCache _absent;
    private readonly SubResourceReads _subResources;
    private readonly CachedReads? _cached;
    private readonly CacheEntries? _entries;
    private readonly EntryFreshness? _freshness;
    private readonly MissingChecksums? _checksums;

    /// <summary>Creates a reader. What may be null is null while caching is off.</summary>
    internal RemoteReader(
        ReadSettings settings, NegativeCache absent, SubResourceReads subResources, CachedReads? cached, CacheEntries? entries,
        Fills? fills, EntryFreshness? freshness, MissingChecksums? checksums, TimeProvider time, ILogger logger)
    {
        (_settings, _time, _logger, _absent, _subResources) = (settings, time, logger, absent, subResources);
        (_cached, _entries, Fills, _freshness, _checksums) = (cached, entries, fills, freshness, checksums);
        Warmer = fills is null ? null : new WarmReads(fills, entries!, freshness!);
    }

    /// <inheritdoc/>
    public ShownObjects Shown { get; } = new();

    /// <summary>Brings objects into the cache; null while caching is off.</summary>
    public WarmReads? Warmer { get; }

    /// <summary>The running fills; null while caching is off.</summary>
    internal Fills? Fills { get; }

    /// <summary>Revalidation requests under way, including background ones.</summary>
    internal int Revalidating => _freshness?.Revalidating ?? 0;

    /// <summary>Background revalidations and refills under way.</summary>
    internal int Refreshing => _freshness?.Refreshing ?? 0;

    /// <summary>Stops background verification.</summary>
    public ValueTask DisposeAsync() => Fills?.Checks.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <inheritdoc/>
    public async Task<bool> ReadAsync(
        S3Request request, S3Response response, RemoteBucket remote, WrittenRead local, CancellationToken cancellationToken)
    {
        using var responder = new ReadResponder(request, response, _settings.Budget, _time, cancellationToken) { Shown = Shown };
        ReadResult result;
        try
        {
            result = await ReadAsync(responder, remote, local);
        }
        catch (S3Exception failure) when (!response.HasStarted)
        {
            responder.WriteOrigin(failure);
            throw;
        }
        catch (RemoteException failure)
        {
            result = new(ReadOutcome.Failed, failure);
        }
        catch (IOException failure) when (response.HasStarted)
        {
            result = new(ReadOutcome.Failed, new RemoteException(RemoteFailure.BodyBroken, failure.Message, failure));
        }
        catch (OperationCanceledException late) when (responder.HasPassed && !response.HasStarted)
        {
            result = new(ReadOutcome.Failed, new RemoteException(RemoteFailure.Unavailable, "The remote did not respond in time.", late));
        }

        return result.Outcome switch
        {
            ReadOutcome.Sent => true,
            ReadOutcome.Deleted => false,
            _ when response.HasStarted => Cut(request, response, result),
            _ => throw ErrorOf(responder, result),
        };
    }

    /// <summary>Cuts a response that cannot go on: other bytes than the rest of this version must not follow (rule R7).</summary>
    private bool Cut(S3Request request, S3Response response, ReadResult result)
    {
        Log.ResponseCut(_logger, request.RequestId, (result.Failure ?? Changed()).Message);
        response.Abort();
        return true;
    }

    private S3Exception ErrorOf(ReadResponder responder, ReadResult result)
    {
        if (responder.IsPlain && (result.Outcome == ReadOutcome.NotFound || result.Failure is { Failure: RemoteFailure.NoSuchKey }))
        {
            Shown.Note(responder.Request.Bucket, responder.Request.Key, RemoteBase.Absent);
        }

        var error = result.Outcome switch
        {
            ReadOutcome.NotFound => new S3Exception(S3Errors.NoSuchKey),
            ReadOutcome.NotCached => new S3Exception(S3Errors.GatewayTimeout),
            _ => ErrorOf(result.Failure ?? Changed(), responder.Request),
        };
        responder.WriteOrigin(error);
        return error;
    }

    private static RemoteException Changed() => new(RemoteFailure.Changed, "The object changed at the remote.");

    private async Task<ReadResult> ReadAsync(ReadResponder responder, RemoteBucket remote, WrittenRead local)
    {
        var request = responder.Request;
        var isPlain = responder.IsPlain;
        var directives = DirectivesOf(request);
        if (isPlain && _cached is not null && (directives & (ReadDirectives.Bypass | ReadDirectives.OnlyCached)) != ReadDirectives.Bypass)
        {
            return await _cached.ReadAsync(responder, remote, local, directives);
        }

        if (await local.IsDeleted)
        {
            return new(ReadOutcome.Deleted);
        }

        var name = new ObjectName(request.Bucket, request.Key);
        if (isPlain && (directives & (ReadDirectives.Compare | ReadDirectives.Bypass)) == ReadDirectives.None && _absent.Has(name))
        {
            return new(ReadOutcome.NotFound);
        }

        if (directives.HasFlag(ReadDirectives.OnlyCached))
        {
            return new(ReadOutcome.NotCached);
        }

        if (isPlain)
        {
            return await _absent.AskAsync(name, (responder, remote), static about =>
                PassThroughReads.ReadAsync(about.responder, about.remote, about.remote.Read(about.responder.Request.Key)));
        }

        return await _subResources.ReadAsync(responder, remote, mayUseEntry: directives == ReadDirectives.None);
    }

    /// <inheritdoc/>
    public async ValueTask<ObjectInfo?> HeadAsync(string bucket, string key, RemoteBucket remote, bool mayBeStale,
        CancellationToken cancellationToken)
    {
        var name = new ObjectName(bucket, key);
        if (_entries is not null && await _entries.FindAsync(name, remote, LookupHint.Info, cancellationToken) is { } entry)
        {
            await using (entry)
            {
                return Noted(name, await InfoAsync(name, remote, entry, mayBeStale, cancellationToken));
            }
        }

        if (mayBeStale && _absent.Has(name))
        {
            return Noted(name, null);
        }

        var head = await _absent.AskAsync(name, (remote, key, cancellationToken),
            static about => about.remote.Remote.TryHeadAsync(about.remote.Read(about.key), about.cancellationToken));
        return head.Failure is not { } failure || !MeansAbsent(failure) ? Noted(name, head.OrThrow().Info)
            : failure.Failure == RemoteFailure.NoSuchKey ? Noted(name, null)
            : null;
    }

    /// <summary>Notes what the remote is known to have of a key: a change that follows records it.</summary>
    private ObjectInfo? Noted(ObjectName name, ObjectInfo? info)
    {
        if (info is null)
        {
            Shown.Note(name.Bucket, name.Key, RemoteBase.Absent);
        }
        else
        {
            Shown.Note(name.Bucket, name.Key, info);
        }

        return info;
    }

    /// <inheritdoc/>
    public async ValueTask<ObjectInfo> WithChecksumsAsync(string bucket, string key, RemoteBucket remote, ObjectInfo info,
        CancellationToken cancellationToken)
    {
        if (_checksums is null || info.AreChecksumsKnown)
        {
            return info;
        }

        // What is learned must not be older than the entry.
        var name = new ObjectName(bucket, key);
        await using var entry = await _entries!.FindAsync(name, remote, LookupHint.Info, cancellationToken);
        return await _checksums.CompleteAsync(name, remote, info, entry?.ValidatedAt ?? DateTimeOffset.MinValue, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<S3Body> OpenAsync(
        string bucket, string key, RemoteBucket remote, ObjectInfo expected, ByteRange? range, bool isCurrent,
        CancellationToken cancellationToken)
    {
        var entry = await FindAsync(bucket, key, remote, expected, cancellationToken);
        var body = new EntryBody(entry, remote, key, expected, range ?? new ByteRange(0, expected.Size - 1),
            failure => Failed(bucket, entry, failure));
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
    public async ValueTask<bool> IsCachedAsync(string bucket, string key, RemoteBucket remote, ObjectInfo version,
        CancellationToken cancellationToken)
    {
        await using var entry = await FindAsync(bucket, key, remote, version, cancellationToken);
        return entry is not null && (version.Size == 0 || CacheEntries.Covers(entry, new ByteRange(0, version.Size - 1)));
    }

    /// <inheritdoc/>
    public IReadOnlyList<ByteRange> OnTheirWay(string bucket, string key) =>
        Fills?.Objects.Find(new ObjectName(bucket, key))?.OnTheirWay() ?? [];

    /// <inheritdoc/>
    public ValueTask InvalidateAsync(string bucket, string key)
    {
        var name = new ObjectName(bucket, key);
        _absent.Forget(name);
        return Fills?.InvalidateAsync(name) ?? ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public bool CanUse(EntryIdentity identity, ObjectInfo info, string key, RemoteBucket remote) =>
        _entries?.IsOf(identity, info, key, remote) ?? false;

    /// <inheritdoc/>
    public bool IsFresh(DateTimeOffset validatedAt) => _freshness?.IsFresh(validatedAt) ?? false;

    /// <inheritdoc/>
    public void InvalidateAll()
    {
        _absent.ForgetAll();
        Fills?.InvalidateAll();
    }

    /// <inheritdoc/>
    public bool IsFrozen => Fills is not null && _settings.IsFrozen;

    /// <inheritdoc/>
    public void NoteDrift(string bucket) => Fills?.Drift.Note(bucket);

    /// <inheritdoc/>
    public async ValueTask<RemoteException> GoneAsync(
        string bucket, string key, RemoteBucket remote, ObjectInfo expected, RemoteException gone, CancellationToken cancellationToken)
    {
        await using var entry = await FindAsync(bucket, key, remote, expected, cancellationToken);
        return Failed(bucket, entry, gone);
    }

    /// <inheritdoc/>
    public void NoteListed(string bucket, string key) => _absent.Forget(new ObjectName(bucket, key));

    /// <summary>The entry of a version; null if it is not cached.</summary>
    private async ValueTask<ICacheEntry?> FindAsync(string bucket, string key, RemoteBucket remote, ObjectInfo version,
        CancellationToken cancellationToken)
    {
        var entry = _entries is null ? null
            : await _entries.FindAsync(new ObjectName(bucket, key), remote, LookupHint.Info, cancellationToken);
        if (entry is null || (entry.Info.ETag == version.ETag && entry.Info.Size == version.Size))
        {
            return entry;
        }

        await entry.DisposeAsync();
        return null;
    }

    private RemoteException Failed(string bucket, ICacheEntry? entry, RemoteException failure) =>
        (entry is null ? null : Fills!.DriftOf(bucket, entry, failure)) ?? failure;

    /// <summary>
    /// What a cached object is now; null if it is gone. Fails if the remote gives no verdict and a stale entry must not be used.
    /// </summary>
    private async ValueTask<ObjectInfo?> InfoAsync(ObjectName name, RemoteBucket remote, ICacheEntry entry, bool mayBeStale,
        CancellationToken cancellationToken)
    {
        var verdict = await _freshness!.JudgeAsync(name, remote, entry, mayBeStale, isDoubted: false, cancellationToken);
        return verdict.Failure is not { } failure ? verdict.Info
            : failure.Failure is RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket ? null
            : throw failure.Anew();
    }

    /// <summary>
    /// The directives of a request. None if clients may not send any, or if the request is not signed: an anonymous client must not decide
    /// what the remote is asked.
    /// </summary>
    private ReadDirectives DirectivesOf(S3Request request)
    {
        var values = request.Headers.CacheControl;
        if (values.Count == 0 || !_settings.AllowsDirectives || _settings.IsFrozen || request.Caller.IsAnonymous)
        {
            return ReadDirectives.None;
        }

        var directives = ReadDirectives.None;
        foreach (var value in values)
        {
            foreach (var part in value.AsSpan().Split(','))
            {
                directives |= DirectiveOf(value.AsSpan()[part].Trim());
            }
        }

        return directives;
    }

    private static ReadDirectives DirectiveOf(ReadOnlySpan<char> directive) =>
        directive.Equals("no-cache", StringComparison.OrdinalIgnoreCase) ? ReadDirectives.Compare
        : directive.Equals("no-store", StringComparison.OrdinalIgnoreCase) ? ReadDirectives.Bypass
        : directive.Equals("only-if-cached", StringComparison.OrdinalIgnoreCase) ? ReadDirectives.OnlyCached
        : ReadDirectives.None;

    /// <summary>True if the failure counts as "no such object".</summary>
    private bool MeansAbsent(RemoteException failure) =>
        failure.Failure is RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket
        || (failure.Failure == RemoteFailure.AccessDenied && _settings.RemoteForbidden == RemoteForbidden.NotFound);

    /// <summary>The S3 error for a failure (table F); anything but a missing object is left to <see cref="ClientErrors"/>.</summary>
    private S3Exception ErrorOf(RemoteException failure, S3Request request)
    {
        switch (failure.Failure)
        {
            case RemoteFailure.NoSuchKey:
                return new(failure.Code == S3Errors.NoSuchVersion.Code ? S3Errors.NoSuchVersion : S3Errors.NoSuchKey, cause: failure);
            case RemoteFailure.NoSuchBucket:
                return new(S3Errors.NoSuchBucket, cause: failure);
            case RemoteFailure.AccessDenied when _settings.RemoteForbidden == RemoteForbidden.NotFound
                && request.Operation is S3Operation.GetObject or S3Operation.HeadObject:
                Log.RemoteRefused(_logger, request.Bucket);
                return new(S3Errors.NoSuchKey, cause: failure);
            case RemoteFailure.InvalidRange:
                return ObjectResponse.Unsatisfiable(request, failure.ActualSize ?? 0);
            default:
                return ClientErrors.OfRemote(failure);
        }
    }
}
