using System.Runtime.CompilerServices;
using System.Xml;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Overlay.Changes;

/// <summary>
/// Open multipart uploads in the local layer, in the overlay's own name. A store that does not list them, or not in order, has none: they
/// stay open then, as they would without a revert.
/// </summary>
internal sealed class OpenUploads(IS3Service local)
{
    /// <summary>The open uploads of a bucket whose keys start with a prefix, in the store's order: that of their keys.</summary>
    public async IAsyncEnumerable<(string Key, string Id)> ListAsync(
        string bucket, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var (key, id) = ("", ""); ;)
        {
            var query = "uploads&encoding-type=url&prefix=" + UriEncoding.EncodeComponent(prefix)
                + (key.Length == 0 ? ""
                    : $"&key-marker={UriEncoding.EncodeComponent(key)}&upload-id-marker={UriEncoding.EncodeComponent(id)}");
            var page = await AskAsync(Request(S3Operation.ListMultipartUploads, "GET", bucket, "", query), cancellationToken);
            var encoded = page?.ChildText("EncodingType") == "url";
            foreach (var upload in page?.Elements().Where(static element => element.Name.LocalName == "Upload") ?? [])
            {
                if (upload.ChildText("Key") is { } name && upload.ChildText("UploadId") is { } found
                    && (!encoded || UriEncoding.TryDecodeQuery(name, out name)))
                {
                    yield return (name, found);
                }
            }

            var (nextKey, nextId) = (page?.ChildText("NextKeyMarker") ?? "", page?.ChildText("NextUploadIdMarker") ?? "");
            if (encoded && !UriEncoding.TryDecodeQuery(nextKey, out nextKey))
            {
                yield break;
            }

            if (page?.ChildText("IsTruncated") != "true" || (nextKey, nextId) == (key, id) || nextKey.Length == 0)
            {
                yield break;
            }

            (key, id) = (nextKey, nextId);
        }
    }

    /// <summary>The ids of a key's open uploads.</summary>
    public async Task<IReadOnlyList<string>> OfKeyAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        var ids = new List<string>();
        await foreach (var upload in ListAsync(bucket, key, cancellationToken))
        {
            if (upload.Key == key)
            {
                ids.Add(upload.Id);
            }
            else if (Utf8Order.Compare(upload.Key, key) > 0)
            {
                break;
            }
        }

        return ids;
    }

    /// <summary>Aborts an upload. That it has ended is no error.</summary>
    public async Task AbortAsync(string bucket, string key, string id, CancellationToken cancellationToken)
    {
        try
        {
            await local.HandleAsync(
                Request(S3Operation.AbortMultipartUpload, "DELETE", bucket, key, "uploadId=" + UriEncoding.EncodeComponent(id)),
                new BufferedResponse(), cancellationToken);
        }
        catch (S3Exception gone) when (gone.Error.Status < StatusCodes.Status500InternalServerError)
        {
            // Completed or aborted by its client.
        }
    }

    private async Task<System.Xml.Linq.XElement?> AskAsync(S3Request request, CancellationToken cancellationToken)
    {
        var response = new BufferedResponse();
        try
        {
            await local.HandleAsync(request, response, cancellationToken);
            await response.FinishAsync(cancellationToken);
            return response.Status == StatusCodes.Status200OK && !response.IsCut ? S3XmlReader.Parse(response.Content) : null;
        }
        catch (Exception unknown) when (unknown is XmlException or S3Exception)
        {
            return null;
        }
    }

    private static S3Request Request(S3Operation operation, string method, string bucket, string key, string query) =>
        S3Request.OfOverlay("revert", operation, method, bucket, key, query);
}

/// <summary>Open uploads, taken key by key in order.</summary>
internal sealed class UploadCursor(IAsyncEnumerable<(string Key, string Id)> uploads) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<(string Key, string Id)> _next = uploads.GetAsyncEnumerator();
    private bool _hasNext = true;
    private bool _hasBegun;

    /// <summary>The ids of a key's uploads. Keys come in order.</summary>
    public async ValueTask<IReadOnlyList<string>> OfAsync(string key)
    {
        if (!_hasBegun)
        {
            (_hasBegun, _hasNext) = (true, await _next.MoveNextAsync());
        }

        List<string>? ids = null;
        while (_hasNext && Utf8Order.Compare(_next.Current.Key, key) <= 0)
        {
            if (_next.Current.Key == key)
            {
                (ids ??= []).Add(_next.Current.Id);
            }

            _hasNext = await _next.MoveNextAsync();
        }

        return ids ?? (IReadOnlyList<string>)[];
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _next.DisposeAsync();
}
