using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Cache.Filling;
using S3Overlay.Proxy.Overlay.Cache.Freshness;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Reads of one part. Only the remote knows which bytes a part has; it is asked for the version that readers of the whole object get (rules
/// R8, T1). If it no longer has that version, the entry is evicted and the part of the new version is sent. With a frozen cache this is an
/// error (rule S1).
/// </summary>
/// <remarks>All parameters are null while caching is off.</remarks>
internal sealed class PartReads(CacheEntries? entries, CachedVersions? versions, Fills? fills, EntryFreshness? freshness)
{
    /// <summary>Sends a part from the remote.</summary>
    /// <param name="responder">Writes the response.</param>
    /// <param name="remote">The remote bucket.</param>
    /// <param name="read">The request to send.</param>
    /// <param name="mayUseEntry">Whether the part must be of the cached version, if there is one.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="RemoteException">The remote failed.</exception>
    /// <exception cref="S3Exception">InvalidArgument, InvalidRequest, the remote's own error for a missing part, or NotImplemented if it
    /// does not support part numbers.</exception>
    public async Task ReadAsync(ReadResponder responder, RemoteBucket remote, RemoteRead read, bool mayUseEntry,
        CancellationToken cancellationToken)
    {
        var request = responder.Request;
        var part = PartNumbers.OfRead(request)!.Value;
        if (mayUseEntry && await CachedAsync(request, remote, cancellationToken) is { } cached)
        {
            try
            {
                await SendPartAsync(responder, remote, read with { IfMatch = cached.ETag }, part, cancellationToken);
                return;
            }
            catch (RemoteException gone) when (RemoteReads.MeansGone(gone) && !responder.HasStarted)
            {
                if (cached.IsFrozen)
                {
                    throw fills!.Drift.Of(request.Bucket, gone);
                }
            }

            await versions!.DropAsync(new ObjectName(request.Bucket, request.Key), cached.ETag);
        }

        await SendPartAsync(responder, remote, read, part, cancellationToken);
    }

    /// <summary>
    /// Sends the remote's response: 206 with the part's bytes, or 200 with the part alone from a store that adds only the number of parts
    /// (Scality). A store that ignores part numbers sends the whole object without it.
    /// </summary>
    private static async Task SendPartAsync(ReadResponder responder, RemoteBucket remote, RemoteRead read, int part,
        CancellationToken cancellationToken)
    {
        await using var source = await AskAsync(responder.Request, remote, read, cancellationToken);
        if (source.Status == StatusCodes.Status200OK && (part > 1 || ETags.PartCount(source.Info.ETag) > 1)
            && source.Info.PartsCount < part)
        {
            throw new S3Exception(S3Errors.NotImplemented, "The remote does not support part numbers.");
        }

        var plan = responder.Plan(source.Info);
        if (plan.Reply.Status == StatusCodes.Status200OK && source.Range is { } range)
        {
            if (source.Status == StatusCodes.Status206PartialContent)
            {
                responder.NarrowTo(plan.Reply with { Status = StatusCodes.Status206PartialContent, Bytes = range });
            }

            if (!responder.Request.IsHead)
            {
                await responder.SendRemoteAsync(source, range, cancellationToken);
            }
        }

        responder.WriteHead();
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
            // No range was requested, so the object lacks the part.
            throw new S3Exception(none.Code.Length == 0 ? S3Errors.InvalidPartNumber
                : new S3Error(none.Code, none.Status, none.Message), cause: none);
        }
    }

    /// <summary>The cached version that readers of the whole object get. Null if they would ask the remote.</summary>
    private async ValueTask<(string ETag, bool IsFrozen)?> CachedAsync(S3Request request, RemoteBucket remote,
        CancellationToken cancellationToken)
    {
        var name = new ObjectName(request.Bucket, request.Key);
        if (entries is null || await entries.FindAsync(name, remote, LookupHint.Info, cancellationToken) is not { } entry)
        {
            return null;
        }

        await using (entry)
        {
            return freshness!.IsFresh(entry) ? (entry.Info.ETag, fills!.IsFrozen(entry)) : null;
        }
    }
}
