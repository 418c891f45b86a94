using System.Globalization;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Cache.Filling;
using S3Overlay.Proxy.Overlay.Cache.Freshness;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Reads of one part: asked of the remote, which alone knows which bytes it has, in the version that readers of the whole are given (rules
/// R8, T1). Where the remote has that version no more, the copy goes and the part is of the new one; unless copies are frozen, which is an
/// error (rule S1).
/// </summary>
/// <param name="copies">What is held; null while caching is off, as are the others then.</param>
/// <param name="versions">Lets go of what is held.</param>
/// <param name="fills">Knows which copies are frozen.</param>
/// <param name="freshness">How far it is believed.</param>
internal sealed class PartReads(CacheEntries? copies, CachedVersions? versions, Fills? fills, EntryFreshness? freshness)
{
    /// <summary>Answers from the remote.</summary>
    /// <param name="request">The request.</param>
    /// <param name="answer">Its answer.</param>
    /// <param name="remote">Where the object is.</param>
    /// <param name="read">What to ask.</param>
    /// <param name="isOfHeld">Whether the version is that of the copy, where one is held; else it is the remote's to choose, or
    /// named.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    /// <exception cref="RemoteException">The remote did not give it.</exception>
    /// <exception cref="S3Exception">InvalidArgument, InvalidRequest, the remote's own error for a part that the object has not, or
    /// NotImplemented where it knows no parts.</exception>
    public async Task AnswerAsync(S3Request request, S3Response answer, RemoteBucket remote, RemoteRead read, bool isOfHeld,
        CancellationToken cancellationToken)
    {
        var part = PartNumbers.OfRead(request)!.Value;
        if (isOfHeld && await HeldAsync(request, remote, cancellationToken) is { } held)
        {
            var before = new ResponseSnapshot(answer);
            try
            {
                await AnswerPartAsync(request, answer, remote, read with { IfMatch = held.ETag }, part, cancellationToken);
                return;
            }
            catch (RemoteException gone) when (RemoteReads.MeansGone(gone) && !answer.HasStarted)
            {
                if (held.IsFrozen)
                {
                    throw fills!.Drift.Of(request.Bucket, gone);
                }
            }

            await versions!.DropAsync(new ObjectName(request.Bucket, request.Key), held.ETag);
            before.Restore(answer);
        }

        await AnswerPartAsync(request, answer, remote, read, part, cancellationToken);
    }

    /// <summary>
    /// Sends what the remote answers: 206 and which bytes of the whole those are, or the part alone with 200 from a store that tells no
    /// more of it than how many parts there are (Scality). A store that takes no notice of part numbers does not tell that either, and has
    /// sent the whole.
    /// </summary>
    private static async Task AnswerPartAsync(S3Request request, S3Response answer, RemoteBucket remote, RemoteRead read, int part,
        CancellationToken cancellationToken)
    {
        await using var source = await AskAsync(request, remote, read, cancellationToken);
        if (source.Status == StatusCodes.Status200OK && (part > 1 || ETags.PartCount(source.Info.ETag) > 1)
            && source.Info.PartsCount < part)
        {
            throw new S3Exception(S3Errors.NotImplemented, "The remote takes no notice of part numbers.");
        }

        ObjectResponse.Prepare(request, answer, source.Info);
        if (answer.Status != StatusCodes.Status200OK || source.Range is not { } range)
        {
            return;
        }

        if (source.Status == StatusCodes.Status206PartialContent)
        {
            answer.Status = StatusCodes.Status206PartialContent;
            answer.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture,
                $"bytes {range.First}-{range.Last}/{source.Info.Size}");
            answer.Headers.ContentLength = range.Length;
        }

        if (!request.IsHead)
        {
            await Streaming.SendAsync(source, range, answer, cancellationToken);
        }
    }

    private static async Task<RemoteObject> AskAsync(S3Request request, RemoteBucket remote, RemoteRead read,
        CancellationToken cancellationToken)
    {
        try
        {
            return await (request.IsHead ? remote.Remote.HeadAsync(read, cancellationToken)
                : remote.Remote.GetAsync(read, cancellationToken));
        }
        catch (RemoteException none) when (none.Failure == RemoteFailure.InvalidRange)
        {
            // No range was asked for: it is the part that the object has not.
            throw new S3Exception(none.Code.Length == 0 ? S3Errors.InvalidPartNumber
                : new S3Error(none.Code, none.Status, none.Message), cause: none);
        }
    }

    /// <summary>
    /// The version of the copy that readers of the whole are given, and whether it is never replaced. Null where the remote is to be asked
    /// anyway: it is the remote's own then.
    /// </summary>
    private async ValueTask<(string ETag, bool IsFrozen)?> HeldAsync(S3Request request, RemoteBucket remote,
        CancellationToken cancellationToken)
    {
        if (copies is null || await copies.FindAsync(new ObjectName(request.Bucket, request.Key), remote, LookupHint.Info,
            cancellationToken) is not { } copy)
        {
            return null;
        }

        await using (copy)
        {
            return freshness!.IsFresh(copy) ? (copy.Info.ETag, fills!.IsFrozen(copy)) : null;
        }
    }
}
