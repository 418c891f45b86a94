using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Cache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Reads that go to the remote as they are and are never cached: sub-resources, versions, parts, objects encrypted with a client's key
/// (rules R8, T1).
/// </summary>
/// <remarks>All parameters are null while caching is off.</remarks>
internal sealed class SubResourceReads(Fills? fills, CacheEntries? entries, EntryFreshness? freshness)
{
    private static readonly string[] Selectors = ["versionId", "partNumber"];

    private static readonly string[] SubResources = ["acl", "attributes", "legal-hold", "retention", "tagging", "torrent"];

    /// <summary>Sends the remote's response.</summary>
    /// <param name="responder">Writes the response.</param>
    /// <param name="remote">The remote bucket.</param>
    /// <param name="mayUseEntry">Whether a part must be of the cached version, if there is one.</param>
    /// <exception cref="RemoteException">The remote failed.</exception>
    public Task<ReadResult> ReadAsync(ReadResponder responder, RemoteBucket remote, bool mayUseEntry)
    {
        var request = responder.Request;
        responder.From(ReadSource.Bypass);
        var read = remote.Read(request.Key) with { Query = QueryOf(request), Headers = HeadersOf(request, remote) };
        if (request.Operation is not (S3Operation.GetObject or S3Operation.HeadObject))
        {
            return request.Operation == S3Operation.GetObjectAttributes
                ? SendAttributesAsync(responder, remote, read)
                : PassOnAsync(responder, remote, read);
        }

        return request.Query.Has("partNumber")
            ? ReadPartAsync(responder, remote, read, mayUseEntry && !ReadResponder.NamesVersion(request))
            : PassThroughReads.ReadAsync(responder, remote, read);
    }

    private static async Task<ReadResult> PassOnAsync(ReadResponder responder, RemoteBucket remote, RemoteRead read)
    {
        var got = await remote.Remote.TryGetAsync(read, responder.Waiting);
        await using var source = got.Found;
        if (source is null)
        {
            return new(ReadOutcome.Failed, got.Failure);
        }

        await responder.PassOnAsync(source);
        return ReadResult.Sent;
    }

    /// <summary>Only the remote knows an object's parts. If it does not support the operation, a HEAD has to do.</summary>
    private static async Task<ReadResult> SendAttributesAsync(ReadResponder responder, RemoteBucket remote, RemoteRead read)
    {
        var request = responder.Request;
        ObjectAttributes.Check(request);
        var result = await PassOnAsync(responder, remote, read);
        if (result.Failure is not { Status: StatusCodes.Status501NotImplemented })
        {
            return result;
        }

        var version = ReadResponder.NamesVersion(request) ? "versionId=" + UriEncoding.EncodeComponent(request.Query["versionId"] ?? "")
            : "";
        var headers = read.Headers.Where(static header => ClientKeys.Headers.Contains(header.Key)).ToList();
        await using var head = await remote.Remote.HeadAsync(read with { Query = version, Headers = headers }, responder.Waiting);
        responder.WriteOrigin();
        await ObjectAttributes.SendAsync(request, responder.Response, head.Info, null, responder.Waiting);
        return ReadResult.Sent;
    }

    /// <summary>
    /// Sends one part. Only the remote knows which bytes a part has; it is asked for the version that readers of the whole object get. If
    /// it no longer has that version, the entry is evicted and the part of the new version is sent. With a frozen cache this is an error
    /// (rule S1).
    /// </summary>
    /// <exception cref="S3Exception">InvalidArgument, InvalidRequest, the remote's own error for a missing part, or NotImplemented if it
    /// does not support part numbers.</exception>
    private async Task<ReadResult> ReadPartAsync(ReadResponder responder, RemoteBucket remote, RemoteRead read, bool mayUseEntry)
    {
        var request = responder.Request;
        var part = PartNumbers.OfRead(request)!.Value;
        if (mayUseEntry && await CachedAsync(request, remote, responder.Waiting) is { } cached)
        {
            var result = await SendPartAsync(responder, remote, read with { IfMatch = cached.ETag }, part);
            if (result.Failure is not { MeansGone: true } gone || responder.HasStarted)
            {
                return result;
            }

            if (cached.IsFrozen)
            {
                return new(ReadOutcome.Failed, fills!.Drift.Of(request.Bucket, gone));
            }

            await fills!.EvictAsync(new ObjectName(request.Bucket, request.Key), cached.ETag);
        }

        return await SendPartAsync(responder, remote, read, part);
    }

    /// <summary>
    /// Sends the remote's response: 206 with the part's bytes, or 200 with the part alone from a store that adds only the number of parts
    /// (Scality). A store that ignores part numbers sends the whole object without it.
    /// </summary>
    private static async Task<ReadResult> SendPartAsync(ReadResponder responder, RemoteBucket remote, RemoteRead read, int part)
    {
        try
        {
            var asking = await AskPartAsync(responder.Request, remote, read, responder.Waiting);
            await using var source = asking.Found;
            if (source is null)
            {
                return new(ReadOutcome.Failed, asking.Failure);
            }

            await SendPartAsync(responder, source, part);
            return ReadResult.Sent;
        }
        catch (RemoteException broken)
        {
            return new(ReadOutcome.Failed, broken);
        }
    }

    private static async Task SendPartAsync(ReadResponder responder, RemoteObject source, int part)
    {
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
                await responder.SendRemoteAsync(source, range);
            }
        }

        responder.WriteHead();
    }

    private static async Task<RemoteResult> AskPartAsync(S3Request request, RemoteBucket remote, RemoteRead read,
        CancellationToken cancellationToken)
    {
        var result = await (request.IsHead ? remote.Remote.TryHeadAsync(read, cancellationToken)
            : remote.Remote.TryGetAsync(read, cancellationToken));

        // No range was requested: if it does not exist, the object lacks the part.
        return result.Failure is not { Failure: RemoteFailure.InvalidRange } none ? result
            : throw new S3Exception(none.Code.Length == 0 ? S3Errors.InvalidPartNumber
                : new S3Error(none.Code, none.Status, none.Message), cause: none);
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

    /// <summary>The parameters that S3 defines for the remote. The proxy itself handles presigned URLs and response overrides.</summary>
    private static string QueryOf(S3Request request)
    {
        var query = new StringBuilder();
        foreach (var (name, value) in request.Query.Parameters)
        {
            if (SubResources.Contains(name) || (Selectors.Contains(name) && (name != "versionId" || ReadResponder.NamesVersion(request))))
            {
                query.Append(query.Length == 0 ? "" : "&").Append(name);
                if (value is not null)
                {
                    query.Append('=').Append(UriEncoding.EncodeComponent(value));
                }
            }
        }

        return query.ToString();
    }

    private static List<KeyValuePair<string, string>> HeadersOf(S3Request request, RemoteBucket remote)
    {
        var headers = new List<KeyValuePair<string, string>>(ClientKeys.Of(request.Headers));
        if (headers.Count > 0)
        {
            remote.RequireTls();
        }

        foreach (var name in (ReadOnlySpan<string>)["x-amz-object-attributes", "x-amz-max-parts", "x-amz-part-number-marker"])
        {
            if (request.Header(name) is { } value)
            {
                headers.Add(new(name, value));
            }
        }

        return headers;
    }
}
