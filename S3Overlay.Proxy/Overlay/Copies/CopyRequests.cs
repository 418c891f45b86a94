using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Copies;

/// <summary>CopyObject and UploadPartCopy. The source is what clients see (rule W4).</summary>
/// <remarks>
/// <code>
///   source            copy
///   no remote         by the local layer
///   written           by the local layer; so is a version that the local layer has, whatever the key's state
///   either of these   with different identities for source and target (ILocalIdentities): a PutObject or UploadPart of its bytes, each
///                     side read or written in its own name
///   deleted, absent   404 NoSuchKey
///   remote-owned      a PutObject or UploadPart of the remote's bytes: read once, written while they arrive
/// </code>
/// </remarks>
public sealed class CopyRequests(
    IS3Service local, LocalObjects objects, BucketDirectory directory, ILayerState layer, IRemoteReader reader,
    ITombstones marks, ConditionalWrites conditional, StreamedCopy remoteCopy, ObjectWrites writes, KeepAliveResponses slow,
    ILocalIdentities? identities)
{
    /// <summary>Handles a copy into <paramref name="target"/>, overlaid or not.</summary>
    public async Task CopyAsync(BucketView target, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var source = CopySource.Parse(request);
        if (directory.IsInternal(source.Bucket))
        {
            throw new S3Exception(S3Errors.NoSuchBucket) { Details = [new("BucketName", source.Bucket)] };
        }

        if (directory.Below(target.Name) is not null || directory.Below(source.Bucket) is not null)
        {
            // The source is resolved here; the local layer must not read a different name from the header.
            request = source.Spell(request);
        }

        var isPart = request.Operation == S3Operation.UploadPartCopy;
        if (target.IsOverlaid && isPart)
        {
            await writes.RequireUploadsAsync(target, cancellationToken);
        }

        var remote = await FindRemoteAsync(target, request, source, cancellationToken)
            ?? await FindOfAnotherAsync(target, request, source, cancellationToken);
        if (remote is not null)
        {
            remoteCopy.Check(request, source, remote.Info);
        }
        else if (!target.IsOverlaid)
        {
            await local.HandleAsync(request, response, cancellationToken);
            return;
        }

        if (target.IsOverlaid)
        {
            await directory.EnsureAsync(target, cancellationToken);
        }

        var isDone = await slow.RespondAsync(
            request,
            response,
            async (result, token) =>
            {
                await (remote is not null ? CopyRemoteAsync(target, request, source, remote, result, token)
                    : isPart ? local.HandleAsync(request, result, token)
                    : conditional.WriteAsync(target, request, result, token));
                if (target.IsOverlaid && !isPart)
                {
                    await writes.ForgetIfWrittenAsync(target.Name, request.Key, result);
                }
            },
            cancellationToken);
        if (target.Outcome is { } outcome)
        {
            outcome.IsNoOp = !isDone;
        }
    }

    /// <summary>
    /// Copies from the remote. If the source changes before its bytes are read, or only part of it is cached and the remote no longer has
    /// it, the source is looked up once more: a mix of versions is no version (rule R7), and the conditions were judged on one that is
    /// gone.
    /// </summary>
    private async Task CopyRemoteAsync(
        BucketView target, S3Request request, CopySource source, StreamedCopySource found, S3Response response,
        CancellationToken cancellationToken)
    {
        try
        {
            await remoteCopy.CopyAsync(target, request, found, response, cancellationToken);
            return;
        }
        catch (Exception failure) when (StreamedCopySource.IsChange(failure))
        {
            await found.ForgetAsync();
        }

        try
        {
            found = await FindRemoteAsync(target, request, source, cancellationToken) ?? throw Changed(null);
            remoteCopy.Check(request, source, found.Info);
            await remoteCopy.CopyAsync(target, request, found, response, cancellationToken);
        }
        catch (Exception failure) when (StreamedCopySource.IsChange(failure))
        {
            throw Changed(failure);
        }
    }

    private static S3Exception Changed(Exception? cause) =>
        new(S3Errors.ServiceUnavailable, "The source of the copy changed while it was read. Please try again.", cause);

    /// <summary>The source if the remote owns it; null if the local layer copies by itself.</summary>
    private async Task<StreamedCopySource?> FindRemoteAsync(BucketView target, S3Request request, CopySource source,
        CancellationToken cancellationToken)
    {
        var bucket = (await directory.LookAsync(source.Bucket, cancellationToken)) with { Budget = target.Budget };
        if (!bucket.IsOverlaid)
        {
            return null;
        }

        var clientKey = ClientKeys.OfCopySource(request.Headers);

        // As for reads of a version (rule V1): the local layer's version wins, "null" included, whatever the key's current version is.
        var namesVersion = source.VersionId is { Length: > 0 };
        if (namesVersion
            && await objects.HeadAsync(request, source.Bucket, source.Key, cancellationToken, source.VersionId, clientKey) is { } version
            && (version.VersionId ?? "null") == source.VersionId)
        {
            return null;
        }

        switch (await layer.ResolveAsync(source.Bucket, source.Key, cancellationToken))
        {
            case KeyState.Written when !namesVersion:
                return null;
            case KeyState.Deleted:
            case KeyState.Written when await marks.FindAsync(source.Bucket, source.Key, cancellationToken) is not null:
                throw Absent(source);
        }

        // The bucket may have been deleted since, and the tombstones of its keys with it: then the remote is hidden.
        if (!(await directory.LookAsync(source.Bucket, cancellationToken)).IsOverlaid)
        {
            return null;
        }

        await directory.RequireAsync(bucket, cancellationToken);
        if (request.CopiesWritten)
        {
            throw Absent(source);
        }

        var found = bucket.RemoteOf(source.Key) is { } below
            ? await StreamedCopySource.FindAsync(source, below, reader, mayBeStale: true, target.Budget!, cancellationToken, clientKey)
            : null;
        return found ?? throw Absent(source);
    }

    /// <summary>
    /// The local source if its reader and the copy's writer have different identities: between an overlaid bucket, where the overlay acts
    /// in its own name, and a local-only bucket, where the caller acts. Null if the local layer copies by itself.
    /// </summary>
    private async Task<StreamedCopySource?> FindOfAnotherAsync(BucketView target, S3Request request, CopySource source,
        CancellationToken cancellationToken)
    {
        var isOverlaid = directory.Below(source.Bucket) is not null;
        if (identities?.Of(request.Caller) is not { } theirs || isOverlaid == (directory.Below(target.Name) is not null))
        {
            return null;
        }

        try
        {
            return await StreamedCopySource.FindDirectAsync(
                source, new RemoteBucket(isOverlaid ? identities.Own : theirs, source.Bucket, ""), target.Budget!, cancellationToken,
                ClientKeys.OfCopySource(request.Headers));
        }
        catch (RemoteException failure)
        {
            throw failure.Failure switch
            {
                RemoteFailure.NoSuchKey => Absent(source),
                RemoteFailure.NoSuchBucket => new S3Exception(S3Errors.NoSuchBucket) { Details = [new("BucketName", source.Bucket)] },
                RemoteFailure.AccessDenied => new S3Exception(S3Errors.AccessDenied, cause: failure),
                RemoteFailure.Other when failure is { Status: >= 400 and < 500, Code.Length: > 0 } => ClientErrors.OfRemote(failure),
                _ => S3Exception.ForNow(S3Errors.ServiceUnavailable, 2, "The source of the copy could not be read from the local store.",
                    failure),
            };
        }
    }

    private static S3Exception Absent(CopySource source) =>
        new(StreamedCopySource.NamesVersion(source) ? S3Errors.NoSuchVersion : S3Errors.NoSuchKey)
    {
        Details = [new("Key", source.Key)],
    };
}
