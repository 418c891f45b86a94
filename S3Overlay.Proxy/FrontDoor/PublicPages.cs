using System.Globalization;
using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>
/// Listings as pages of HTML, for people without keys: of buckets that are open to everybody and that the settings name, for unsigned
/// requests that accept HTML. A page is a listing and nothing else: no script, nothing of the layers.
/// </summary>
public sealed class PublicPages(IS3Service service, IReadOnlySet<string> buckets) : IS3Service
{
    /// <summary>Rows of a page.</summary>
    public const int PageSize = 200;

    /// <inheritdoc/>
    public Task HandleAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        if (request.Operation is not (S3Operation.ListObjects or S3Operation.HeadBucket) || !buckets.Contains(request.Bucket)
            || IsSigned(request))
        {
            return service.HandleAsync(request, response, cancellationToken);
        }

        if (request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
        {
            return request.IsHead ? SendHeadAsync(request, response, cancellationToken) : SendAsync(request, response, cancellationToken);
        }

        // A cache must not keep the one for the other.
        response.Headers.Append("Vary", "Accept");
        return service.HandleAsync(request, response, cancellationToken);
    }

    /// <summary>Without authentication, signatures are not checked; programs send them all the same.</summary>
    private static bool IsSigned(S3Request request) => !request.Caller.IsAnonymous || request.Headers.Authorization.Count > 0
        || PresignedQuery.IsPresigned(request.Query) || PresignedQuery.IsVersion2(request.Query);

    private async Task SendAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var (prefix, marker) = (request.Query["prefix"] ?? "", request.Query["marker"] ?? "");
        var listing = new BufferedResponse();
        await service.HandleAsync(request with
        {
            Query = S3Query.Parse(string.Create(CultureInfo.InvariantCulture, $"delimiter=%2F&encoding-type=url&max-keys={PageSize}"
                + $"&prefix={UriEncoding.EncodeComponent(prefix)}&marker={UriEncoding.EncodeComponent(marker)}")),
        }, listing, cancellationToken);
        await listing.FinishAsync(cancellationToken);
        if (listing.IsCut || listing.Status != StatusCodes.Status200OK)
        {
            await listing.CopyToAsync(response, cancellationToken);
            return;
        }

        var page = Encoding.UTF8.GetBytes(
            new PublicPage(request.Bucket, request.Address.IsVirtualHosted, prefix, marker).Write(S3XmlReader.Parse(listing.Content)));
        Describe(response.Headers);
        response.Headers.ContentLength = page.Length;
        await response.WriteAsync(page, cancellationToken);
    }

    private async Task SendHeadAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var found = new BufferedResponse();
        await service.HandleAsync(request, found, cancellationToken);
        if (found.Status == StatusCodes.Status200OK)
        {
            Describe(response.Headers);
            return;
        }

        await found.CopyToAsync(response, cancellationToken);
    }

    private static void Describe(IHeaderDictionary headers)
    {
        headers.ContentType = "text/html; charset=utf-8";
        headers.ContentSecurityPolicy = PublicPage.ContentPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-cache";
        headers.Append("Vary", "Accept");
        headers["Referrer-Policy"] = "no-referrer";
    }
}
