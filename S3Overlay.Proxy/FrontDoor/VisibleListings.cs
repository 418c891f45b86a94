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
        ListingKind.Of(request.Operation) is { } kind && hidden.HasSome(request.Bucket)
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

        foreach (var header in page.Headers)
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
                if (page.HasPassed(row) || (row.IsPrefix ? !await IsVisibleAsync(page, row.Name, cancellationToken)
                    : hidden.Hides(page.Request.Bucket, row.Name)))
                {
                    continue;
                }

                if (!page.Add(row))
                {
                    return null;
                }
            }

            if (root.ChildText("IsTruncated") != "true")
            {
                return null;
            }

            if (!page.GoOn(last, root))
            {
                // It would be asked for the same page for ever, and an end here would be no end.
                throw new S3Exception(S3Errors.ServiceUnavailable, "The listing of the local layer does not go on.");
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
        if (hidden.Hides(page.Request.Bucket, prefix))
        {
            return false;
        }

        if (!hidden.HasSomeUnder(page.Request.Bucket, prefix))
        {
            return true;
        }

        var under = page.Under(prefix);
        return await FillAsync(under, cancellationToken) is null ? under.Count > 0 : throw new S3Exception(S3Errors.ServiceUnavailable);
    }
}
