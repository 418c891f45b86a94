using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Reads that go to the remote as they are and are never cached: sub-resources, versions, parts, objects encrypted with a client's key
/// (rules R8, T1).
/// </summary>
internal sealed class SubResourceReads(PassThroughReads passThrough, PartReads parts)
{
    private static readonly string[] Selectors = ["versionId", "partNumber"];

    private static readonly string[] SubResources = ["acl", "attributes", "legal-hold", "retention", "tagging", "torrent"];

    /// <summary>True for such a request.</summary>
    public static bool IsOne(S3Request request) =>
        request.Operation is not (S3Operation.GetObject or S3Operation.HeadObject)
        || NamesVersion(request)
        || request.Query.Has("partNumber")
        || request.Headers.ContainsKey(ClientKeys.Algorithm);

    /// <summary>True if the request names a version of the remote. <c>null</c> names the current version here (rule V3).</summary>
    private static bool NamesVersion(S3Request request) => request.Query.Has("versionId") && request.Query["versionId"] != "null";

    /// <summary>Sends the remote's response.</summary>
    /// <param name="responder">Writes the response.</param>
    /// <param name="remote">The remote bucket.</param>
    /// <param name="mayUseEntry">Whether a part must be of the cached version, if there is one.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="RemoteException">The remote failed.</exception>
    public Task ReadAsync(ReadResponder responder, RemoteBucket remote, bool mayUseEntry, CancellationToken cancellationToken)
    {
        var request = responder.Request;
        responder.From(ReadSource.Bypass);
        var read = RemoteReads.Whole(remote, request.Key) with { Query = QueryOf(request), Headers = HeadersOf(request, remote) };
        if (request.Operation is not (S3Operation.GetObject or S3Operation.HeadObject))
        {
            return request.Operation == S3Operation.GetObjectAttributes
                ? SendAttributesAsync(responder, remote, read, cancellationToken)
                : PassOnAsync(responder, remote, read, cancellationToken);
        }

        return request.Query.Has("partNumber")
            ? parts.ReadAsync(responder, remote, read, mayUseEntry && !NamesVersion(request), cancellationToken)
            : passThrough.ReadAsync(responder, remote, read, cancellationToken);
    }

    private static async Task PassOnAsync(ReadResponder responder, RemoteBucket remote, RemoteRead read,
        CancellationToken cancellationToken)
    {
        await using var source = await remote.Remote.GetAsync(read, cancellationToken);
        await responder.PassOnAsync(source, cancellationToken);
    }

    /// <summary>Only the remote knows an object's parts. If it does not support the operation, a HEAD has to do.</summary>
    private static async Task SendAttributesAsync(ReadResponder responder, RemoteBucket remote, RemoteRead read,
        CancellationToken cancellationToken)
    {
        var request = responder.Request;
        ObjectAttributes.Check(request);
        try
        {
            await PassOnAsync(responder, remote, read, cancellationToken);
        }
        catch (RemoteException unknown) when (unknown.Status == StatusCodes.Status501NotImplemented)
        {
            var version = NamesVersion(request) && request.Query["versionId"] is { } id ? "versionId=" + UriEncoding.EncodeComponent(id)
                : "";
            var headers = read.Headers.Where(static header => ClientKeys.Headers.Contains(header.Key)).ToList();
            await using var head = await remote.Remote.HeadAsync(read with { Query = version, Headers = headers }, cancellationToken);
            responder.WriteOrigin();
            await ObjectAttributes.AnswerAsync(request, responder.Response, head.Info, null, cancellationToken);
        }
    }

    /// <summary>The parameters that S3 defines for the remote. The proxy itself handles presigned URLs and response overrides.</summary>
    private static string QueryOf(S3Request request)
    {
        var query = new StringBuilder();
        foreach (var (name, value) in request.Query.Parameters)
        {
            if (SubResources.Contains(name) || (Selectors.Contains(name) && (name != "versionId" || NamesVersion(request))))
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
