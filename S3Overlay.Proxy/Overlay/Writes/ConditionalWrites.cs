using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>Passes writes to the local layer. Their conditions are judged on what clients see (rule W3).</summary>
/// <remarks>
/// <code>
///   the key is        If-None-Match: *     If-Match: E
///   written           local judges         local judges
///   deleted, absent   local judges         404 NoSuchKey
///   remote-owned R    412                  E is R: local with If-None-Match: *, whose 412 is a 409 here; else 412
///     copied up       local with If-None-Match: *, whose 412 is a 409 here
/// </code>
/// The local layer judges when it commits, so no write can come in between; <see cref="CommitGuard"/> keeps deletes out. If the local layer
/// cannot judge, the condition is judged here under the key's lock, which every write takes then. That cannot work if other proxies write
/// without the lock, so they get 501.
/// </remarks>
public sealed class ConditionalWrites(
    IS3Service local, LocalObjects objects, ILayerState layer, IRemoteReader reader, OverlayLocks locks, ILocalConditions abilities,
    ChangeBases bases)
{
    /// <summary>Writes a key of an overlaid bucket.</summary>
    public async Task WriteAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        if (!bucket.IsOverlaid)
        {
            await local.HandleAsync(request, response, cancellationToken);
            return;
        }

        await (request is OverlaidWrite { OnlyUnchanged: true } ? CopyUpAsync(bucket, request, response, cancellationToken)
            : WriteConditions.Of(request.Headers) is { } conditions
            ? WriteIfAsync(bucket, request, conditions, isCopyUp: false, response, cancellationToken)
            : WritePlainAsync(bucket, request, response, cancellationToken));
    }

    /// <summary>
    /// Writes the remote's own object of a key into the local layer (rule W5), or a change that was saved (rule P3), only while nothing has
    /// written or deleted the key, whichever version the remote has by then.
    /// </summary>
    /// <exception cref="S3Exception">ConditionalRequestConflict if the key was written or deleted; NotImplemented if that cannot be
    /// detected.</exception>
    public Task CopyUpAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken) =>
        WriteIfAsync(bucket, request, new WriteConditions(null, IsForNewKey: true), isCopyUp: true, response, cancellationToken);

    private async Task WriteIfAsync(
        BucketView bucket, S3Request request, WriteConditions conditions, bool isCopyUp, S3Response response,
        CancellationToken cancellationToken)
    {
        var state = await layer.ResolveAsync(bucket.Name, request.Key, cancellationToken);
        var isRemoteOwned = isCopyUp;
        if (isCopyUp && state != KeyState.Nothing)
        {
            throw new S3Exception(S3Errors.ConditionalRequestConflict);
        }

        if (!isCopyUp && state != KeyState.Written)
        {
            var current = state == KeyState.Deleted ? null : await reader
                .HeadAsync(bucket, request.Key, mayBeStale: false, cancellationToken);
            conditions.Judge(current);
            isRemoteOwned = current is not null;
        }

        request = await bases.AddToAsync(bucket, request, cancellationToken);
        var isForNewKey = conditions.IsForNewKey || isRemoteOwned;
        var isJudgedByLocal = (await abilities.GetAsync(cancellationToken)).Judge(request.Operation, isForNewKey);
        if (!isJudgedByLocal && !abilities.IsAlone)
        {
            throw LocalConditions.NotJudged();
        }

        var forLocal = !isJudgedByLocal ? request.Without("If-Match", "If-None-Match")
            : isRemoteOwned ? request.Without("If-Match").With("If-None-Match", "*")
            : request;
        Func<CancellationToken, ValueTask>? judge = isJudgedByLocal ? null
            : token => JudgeAsync(bucket, request, conditions, isRemoteOwned, token);
        var written = new BufferedResponse();
        using (var guard = new CommitGuard(locks.Keys, layer, bucket.Name, request.Key, state, judge))
        {
            await CommitAsync(forLocal, written, guard, isRemoteOwned, cancellationToken);
        }

        // Only now: a client that does not read its response must not keep the key's lock.
        await written.CopyToAsync(response, cancellationToken);
    }

    /// <summary>
    /// A write without conditions takes no lock, unless conditional writes are judged under the lock: it would slip in between check and
    /// commit. If the local layer locks keys for conditional writes, taking the lock here lets a slow client's upload give way instead of
    /// blocking this write.
    /// </summary>
    private async Task WritePlainAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        request = await WithBaseAsync(bucket, request, cancellationToken);
        if (abilities.Known is not { KeepKeys: true } && (!abilities.IsAlone || abilities.Known is { AreAll: true }))
        {
            await local.HandleAsync(request, response, cancellationToken);
            return;
        }

        var written = new BufferedResponse();
        using (var guard = new CommitGuard(locks.Keys, layer, bucket.Name, request.Key, null))
        {
            await CommitAsync(request, written, guard, false, cancellationToken);
        }

        await written.CopyToAsync(response, cancellationToken);
    }

    /// <summary>
    /// The same write with what it hides. A store that locks keys would let a look-up wait for a slow client's upload: the key's lock makes
    /// that give way.
    /// </summary>
    private async ValueTask<S3Request> WithBaseAsync(BucketView bucket, S3Request request, CancellationToken cancellationToken)
    {
        if (abilities.Known is not { KeepKeys: true } || bases.IsKnown(bucket.Name, request.Key))
        {
            return await bases.AddToAsync(bucket, request, cancellationToken);
        }

        using var locked = await locks.Keys.TakeAsync(new ObjectName(bucket.Name, request.Key), cancellationToken);
        return await bases.AddToAsync(bucket, request, cancellationToken);
    }

    /// <summary>Judges a written key in place of the local layer.</summary>
    private async ValueTask JudgeAsync(BucketView bucket, S3Request request, WriteConditions conditions, bool isRemoteOwned,
        CancellationToken cancellationToken)
    {
        var current = await objects.HeadAsync(request, bucket.Name, request.Key, cancellationToken);
        if (current is not null && isRemoteOwned)
        {
            throw new S3Exception(S3Errors.ConditionalRequestConflict);
        }

        conditions.Judge(current?.ETag);
    }

    /// <param name="request">The write, with the condition that the local layer judges.</param>
    /// <param name="written">Receives the local response.</param>
    /// <param name="guard">Takes the key's lock.</param>
    /// <param name="isRemoteOwned">True if the conditions were judged on the remote's object, and local must create a new key.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    private async Task CommitAsync(
        S3Request request, BufferedResponse written, CommitGuard guard, bool isRemoteOwned, CancellationToken cancellationToken)
    {
        if (request.Operation == S3Operation.CopyObject)
        {
            // Has no body whose end could be waited for.
            await guard.EnterAsync(cancellationToken);
        }

        try
        {
            await local.HandleAsync(request with { Body = guard.Over(request.Body) }, written, cancellationToken);
        }
        catch (S3Exception refused) when (isRemoteOwned && refused.Error.Status == StatusCodes.Status412PreconditionFailed)
        {
            if (await IsOvertakenAsync(request, cancellationToken))
            {
                throw new S3Exception(S3Errors.ConditionalRequestConflict, cause: refused);
            }

            throw;
        }

        if (isRemoteOwned
            && await ErrorsInOkResponse.StatusOfAsync(written, cancellationToken) == StatusCodes.Status412PreconditionFailed
            && await IsOvertakenAsync(request, cancellationToken))
        {
            throw new S3Exception(S3Errors.ConditionalRequestConflict);
        }
    }

    /// <summary>
    /// True if local's 412 means that the key has changed since it was judged. The 412 of a copy may be about the conditions on its source
    /// instead, and not every store says which: then the key is looked up once more.
    /// </summary>
    private async ValueTask<bool> IsOvertakenAsync(S3Request request, CancellationToken cancellationToken) =>
        request.Operation != S3Operation.CopyObject
        || !request.Headers.Keys.Any(static name => name.StartsWith("x-amz-copy-source-if-", StringComparison.OrdinalIgnoreCase))
        || await layer.ResolveAsync(request.Bucket, request.Key, cancellationToken) != KeyState.Nothing;
}

/// <summary>
/// The outcome of a local response that may start as 200 before the outcome is known: long copies and completes can end with an
/// <c>Error</c> document (rule W4).
/// </summary>
internal static class ErrorsInOkResponse
{
    /// <summary>Errors that prove that nothing was written. Any other error within a 200 proves nothing.</summary>
    private static readonly S3Error[] Refusals =
    [
        S3Errors.AccessDenied, S3Errors.BadDigest, S3Errors.ConditionalRequestConflict, S3Errors.EntityTooLarge, S3Errors.EntityTooSmall,
        S3Errors.InvalidArgument, S3Errors.InvalidPart,
        S3Errors.InvalidPartOrder, S3Errors.InvalidRequest, S3Errors.MalformedXml, S3Errors.NoSuchBucket, S3Errors.NoSuchKey,
        S3Errors.NoSuchUpload, S3Errors.NoSuchVersion,
        S3Errors.PreconditionFailed,
    ];

    /// <summary>The status of a response; for a 200 whose document is a refusal, the refusal's status.</summary>
    public static async ValueTask<int> StatusOfAsync(BufferedResponse response, CancellationToken cancellationToken) =>
        response is { Status: StatusCodes.Status200OK, IsCut: false } && await response.ErrorAsync(cancellationToken) is { } told
        && Array.Find(Refusals, refusal => refusal.Code == told.Code) is { } refused
            ? refused.Status
            : response.Status;
}

/// <summary>The conditions of a write.</summary>
/// <param name="IfMatch">The ETag the key must have, or null.</param>
/// <param name="IsForNewKey">True if the key must not exist (<c>If-None-Match: *</c>).</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html</remarks>
public sealed record WriteConditions(string? IfMatch, bool IsForNewKey)
{
    /// <summary>Reads the headers; null if they have no condition.</summary>
    /// <exception cref="S3Exception">NotImplemented for an If-None-Match other than an asterisk, and for both conditions at once, as in
    /// S3.</exception>
    public static WriteConditions? Of(IHeaderDictionary headers)
    {
        if (headers.IfMatch.Count == 0 && headers.IfNoneMatch.Count == 0)
        {
            return null;
        }

        var isForNewKey = headers.IfNoneMatch.Count > 0;
        if (isForNewKey && headers.IfNoneMatch.ToString().AsSpan().Trim() is not "*")
        {
            throw new S3Exception(S3Errors.NotImplemented);
        }

        if (isForNewKey && headers.IfMatch.Count > 0)
        {
            // No key can meet both.
            throw new S3Exception(S3Errors.NotImplemented, "Multiple conditional request headers present in the request.");
        }

        return new WriteConditions(headers.IfMatch.Count > 0 ? headers.IfMatch.ToString() : null, isForNewKey);
    }

    /// <summary>
    /// Judges a key that the local layer lacks. <paramref name="current"/> is the remote's object; null if the key is deleted or absent.
    /// </summary>
    /// <exception cref="S3Exception">NoSuchKey or PreconditionFailed (rule W3).</exception>
    public void Judge(ObjectInfo? current) => Judge(current?.ETag);

    /// <summary>Judges a key by its ETag; null if it does not exist.</summary>
    /// <exception cref="S3Exception">NoSuchKey or PreconditionFailed (rule W3).</exception>
    public void Judge(string? etag)
    {
        if (etag is null)
        {
            if (IfMatch is not null)
            {
                throw new S3Exception(S3Errors.NoSuchKey);
            }
        }
        else if (IsForNewKey)
        {
            throw Failed("If-None-Match");
        }
        else if (!ETags.ListHas(IfMatch!, etag))
        {
            throw Failed("If-Match");
        }
    }

    /// <summary>412, naming the condition as S3 does.</summary>
    public static S3Exception Failed(string condition) => new(S3Errors.PreconditionFailed) { Details = [new("Condition", condition)] };
}
