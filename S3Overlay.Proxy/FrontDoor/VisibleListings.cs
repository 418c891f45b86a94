using System.Xml.Linq;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>
/// Leaves hidden names out of listings of objects, versions and uploads (rule A8), whichever layer makes them. Other buckets, and all other
/// operations, pass through.
/// </summary>
/// <remarks>
/// A page is made of as many pages of the service as it takes: hidden keys are skipped at once, and a common prefix above a hidden one is
/// shown if a visible row is under it.
/// </remarks>
public sealed class VisibleListings(IS3Service service, HiddenNames hidden) : IS3Service
{
    /// <inheritdoc/>
    public Task HandleAsync(S3Request request, S3Response response, CancellationToken cancellationToken) =>
        ListingKind.Of(request.Operation) is { } kind && hidden.PrefixesIn(request.Bucket).Count > 0
            ? ListAsync(kind, request, response, cancellationToken) : service.HandleAsync(request, response, cancellationToken);

    private async Task ListAsync(ListingKind kind, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var limit = kind.IsOfObjects ? ListRequest.Parse(request).PageSize : MarkerPage.Parse(request, kind.Limit).Limit;
        if (limit == 0)
        {
            await service.HandleAsync(request, response, cancellationToken);
            return;
        }

        var page = new VisiblePage(kind, request, limit);
        if (await FillAsync(page, cancellationToken) is { } failure)
        {
            await failure.CopyToAsync(response, cancellationToken);
            return;
        }

        foreach (var header in page.Headers!)
        {
            if (!header.Key.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                response.Headers.SetAsIs(header.Key, header.Value);
            }
        }

        var document = S3XmlReader.ToBytes(page.Document());
        response.Status = StatusCodes.Status200OK;
        response.Headers.ContentLength = document.Length;
        await response.WriteAsync(document, cancellationToken);
    }

    /// <summary>Reads pages of the service until one is full, or there are no more.</summary>
    /// <returns>The service's error; null if there was none.</returns>
    private async Task<BufferedResponse?> FillAsync(VisiblePage page, CancellationToken cancellationToken)
    {
        page.Skip(HiddenPrefixOf(page));
        while (true)
        {
            var answer = new BufferedResponse();
            await service.HandleAsync(page.Next(), answer, cancellationToken);
            await answer.FinishAsync(cancellationToken);
            if (answer.IsCut || answer.Status != StatusCodes.Status200OK)
            {
                return answer;
            }

            var root = S3XmlReader.Parse(answer.Content);
            page.Begin(root, answer.Headers);
            ListedRow? last = null;
            foreach (var row in page.RowsOf(root))
            {
                last = row;
                if (hidden.Hides(page.Request.Bucket, row.Name) || page.HasPassed(row)
                    || (row.IsPrefix && !await IsVisibleAsync(page, row.Name, cancellationToken)))
                {
                    continue;
                }

                if (!page.Add(row))
                {
                    return null;
                }
            }

            if (root.ChildText("IsTruncated") != "true" || !page.GoOn(last, root))
            {
                return null;
            }

            page.Skip(last is null ? null : hidden.PrefixesIn(page.Request.Bucket)
                .FirstOrDefault(prefix => last.Name.StartsWith(prefix, StringComparison.Ordinal)));
        }
    }

    /// <summary>The hidden prefix that has all keys of the listing; null for none.</summary>
    private string? HiddenPrefixOf(VisiblePage page) => hidden.PrefixesIn(page.Request.Bucket).FirstOrDefault(prefix =>
        page.Prefix.StartsWith(prefix, StringComparison.Ordinal) || page.After.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Whether a visible row is under a common prefix. Only if hidden names are under it too, that has to be looked up.</summary>
    private async Task<bool> IsVisibleAsync(VisiblePage page, string prefix, CancellationToken cancellationToken)
    {
        if (!hidden.PrefixesIn(page.Request.Bucket).Any(each => each.StartsWith(prefix, StringComparison.Ordinal)))
        {
            return true;
        }

        var under = page.Under(prefix);
        return await FillAsync(under, cancellationToken) is null ? under.Count > 0 : throw new S3Exception(S3Errors.ServiceUnavailable);
    }
}

/// <summary>A kind of listing: its parameters and elements.</summary>
/// <param name="Limit">The parameter with the most rows.</param>
/// <param name="Marker">The parameter that a page begins behind.</param>
/// <param name="IdMarker">The parameter with a version or upload of that key; empty for none.</param>
/// <param name="Rows">The elements of rows.</param>
/// <param name="Id">The element with a row's version or upload; empty for none.</param>
internal sealed record ListingKind(string Limit, string Marker, string IdMarker, string[] Rows, string Id)
{
    private static readonly ListingKind Old = new("max-keys", "marker", "", ["Contents"], "");
    private static readonly ListingKind Objects = new("max-keys", "start-after", "", ["Contents"], "");
    private static readonly ListingKind Versions =
        new("max-keys", "key-marker", "version-id-marker", ["Version", "DeleteMarker"], "VersionId");

    private static readonly ListingKind Uploads = new("max-uploads", "key-marker", "upload-id-marker", ["Upload"], "UploadId");

    /// <summary>Whether it lists objects.</summary>
    public bool IsOfObjects => IdMarker.Length == 0;

    /// <summary>Whether it continues by tokens.</summary>
    public bool HasTokens => this == Objects;

    /// <summary>The kind of an operation; null if it is no listing of keys.</summary>
    public static ListingKind? Of(S3Operation operation) => operation switch
    {
        S3Operation.ListObjects => Old,
        S3Operation.ListObjectsV2 => Objects,
        S3Operation.ListObjectVersions => Versions,
        S3Operation.ListMultipartUploads => Uploads,
        _ => null,
    };
}

/// <summary>A row of a document.</summary>
/// <param name="Name">The key or common prefix, decoded.</param>
/// <param name="Element">The row itself.</param>
internal sealed record ListedRow(string Name, XElement Element)
{
    /// <summary>Whether it is a common prefix.</summary>
    public bool IsPrefix => Element.Name.LocalName == "CommonPrefixes";
}
