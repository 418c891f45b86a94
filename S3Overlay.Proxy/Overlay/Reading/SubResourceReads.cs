using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// What is asked of the remote as it is, and never held: sub-resources, versions, parts, objects under a client's own key (rules R8, T1).
/// </summary>
internal sealed class SubResourceReads(PassThroughReads streamed, PartReads parts)
{
    /// <summary>What selects a version or a part of the object.</summary>
    private static readonly string[] Selectors = ["versionId", "partNumber"];

    private static readonly string[] SubResources = ["acl", "attributes", "legal-hold", "retention", "tagging", "torrent"];

    /// <summary>Whether the request is one of these.</summary>
    public static bool IsOne(S3Request request) =>
        request.Operation is not (S3Operation.GetObject or S3Operation.HeadObject)
        || NamesVersion(request)
        || request.Query.Has("partNumber")
        || request.Headers.ContainsKey(ClientKeys.Algorithm);

    /// <summary>
    /// Whether a version of the remote's is asked for. <c>null</c> is what its current one is called here (rule V3), whatever the remote
    /// calls it.
    /// </summary>
    private static bool NamesVersion(S3Request request) => request.Query.Has("versionId") && request.Query["versionId"] != "null";

    /// <summary>Answers from the remote.</summary>
    /// <param name="request">The request.</param>
    /// <param name="answer">Its answer.</param>
    /// <param name="remote">Where the object is.</param>
    /// <param name="mayBeOfHeld">Whether a part is to be of the version that is held, where one is.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    /// <exception cref="RemoteException">The remote did not give it.</exception>
    public Task AnswerAsync(S3Request request, S3Response answer, RemoteBucket remote, bool mayBeOfHeld,
        CancellationToken cancellationToken)
    {
        ResponseOrigin.Bypass(answer);
        var read = RemoteReads.Whole(remote, request.Key) with { Query = QueryOf(request), Headers = HeadersOf(request, remote) };
        if (request.Operation is not (S3Operation.GetObject or S3Operation.HeadObject))
        {
            return request.Operation == S3Operation.GetObjectAttributes
                ? AnswerAttributesAsync(request, answer, remote, read, cancellationToken)
                : PassOnAsync(answer, remote, read, cancellationToken);
        }

        return request.Query.Has("partNumber")
            ? parts.AnswerAsync(request, answer, remote, read, mayBeOfHeld && !NamesVersion(request), cancellationToken)
            : streamed.AnswerAsync(request, answer, remote, read, cancellationToken);
    }

    private static async Task PassOnAsync(S3Response answer, RemoteBucket remote, RemoteRead read, CancellationToken cancellationToken)
    {
        await using var source = await remote.Remote.GetAsync(read, cancellationToken);
        answer.Status = source.Status;
        foreach (var header in source.Info.Headers)
        {
            answer.Headers.Append(header.Key, header.Value);
        }

        if (source.Info.LastModified > DateTimeOffset.UnixEpoch)
        {
            // S3 gives attributes the object's date. Where a remote gives a document none, nor do we.
            answer.Headers.LastModified = HttpDates.Header(source.Info.LastModified);
        }

        answer.Headers.ContentLength = source.Range?.Length ?? 0;
        if (source.Range is { } range)
        {
            await Streaming.SendAsync(source, range, answer, cancellationToken);
        }
    }

    /// <summary>
    /// Asked of the remote, which alone knows an object's parts; from the object's headers where it does not know the question.
    /// </summary>
    private static async Task AnswerAttributesAsync(
        S3Request request, S3Response answer, RemoteBucket remote, RemoteRead read, CancellationToken cancellationToken)
    {
        ObjectAttributes.Check(request);
        try
        {
            await PassOnAsync(answer, remote, read, cancellationToken);
        }
        catch (RemoteException unknown) when (unknown.Status == StatusCodes.Status501NotImplemented)
        {
            var version = NamesVersion(request) && request.Query["versionId"] is { } id ? "versionId=" + UriEncoding.EncodeComponent(id)
                : "";
            var headers = read.Headers.Where(static header => ClientKeys.Headers.Contains(header.Key)).ToList();
            await using var head = await remote.Remote.HeadAsync(read with { Query = version, Headers = headers }, cancellationToken);
            await ObjectAttributes.AnswerAsync(request, answer, head.Info, null, cancellationToken);
        }
    }

    /// <summary>What S3 knows, and nothing else: a presigned URL's signature is for us, and response overrides are done here.</summary>
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
