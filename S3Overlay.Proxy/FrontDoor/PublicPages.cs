using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using System.Xml.Linq;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
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

    private const string Style = """
        :root{color-scheme:light dark}body{margin:0 auto;max-width:1000px;padding:24px 16px;font:14px/20px system-ui,sans-serif}
        h1{font-size:18px;font-weight:600;overflow-wrap:anywhere}a{color:light-dark(#4f5bd5,#8f9bff)}
        table{width:100%;border-collapse:collapse}
        th{text-align:left;font-size:12px}th,td{padding:5px 12px 5px 0;border-bottom:1px solid light-dark(#e0e0e0,#38383c)}
        td:first-child{overflow-wrap:anywhere;white-space:pre-wrap}.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
        """;

    private static readonly string Policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src "
        + $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'";

    private static readonly HtmlEncoder Html = HtmlEncoder.Create(UnicodeRanges.All);

    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <inheritdoc/>
    public Task HandleAsync(S3Request request, S3Response response, CancellationToken cancellationToken) =>
        request.Operation == S3Operation.ListObjects && request.Caller.IsAnonymous && buckets.Contains(request.Bucket)
            && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
            ? SendAsync(request, response, cancellationToken) : service.HandleAsync(request, response, cancellationToken);

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

        var page = Encoding.UTF8.GetBytes(Write(request, prefix, marker, S3XmlReader.Parse(listing.Content)));
        var headers = response.Headers;
        headers.ContentType = "text/html; charset=utf-8";
        headers.ContentLength = page.Length;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-cache";
        headers.Vary = "Accept";
        headers["Referrer-Policy"] = "no-referrer";
        await response.WriteAsync(page, cancellationToken);
    }

    private static string Write(S3Request request, string prefix, string marker, XElement root)
    {
        var isEncoded = root.ChildText("EncodingType") == "url";
        var rows = root.Elements().Where(static row => row.Name.LocalName is "Contents" or "CommonPrefixes")
            .Select(row => (Name: Decoded(row.ChildText("Key") ?? row.ChildText("Prefix") ?? "", isEncoded), Row: row))
            .OrderBy(static row => row.Name, Utf8Order.Instance).ToList();
        var title = Html.Encode(prefix.Length == 0 ? request.Bucket : $"{request.Bucket}/{prefix}");
        var html = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>").Append(title)
            .Append("</title><style>").Append(Style).Append("</style></head><body><h1>");
        WriteCrumbs(html, request, prefix);
        html.Append("</h1><table><thead><tr><th>Name</th><th class=\"n\">Size</th><th class=\"n\">Changed (UTC)</th></tr></thead>")
            .Append("<tbody>\n");
        foreach (var (name, row) in rows.Where(row => row.Name != prefix))
        {
            var isPrefix = row.Name.LocalName == "CommonPrefixes";
            html.Append("<tr><td>");
            Link(html, isPrefix ? PageOf(request, name, "") : PathOf(request, name), name[Math.Min(prefix.Length, name.Length)..]);
            html.Append("</td><td class=\"n\">").Append(isPrefix ? "" : Html.Encode(SizeOf(row.ChildText("Size"))))
                .Append("</td><td class=\"n\">").Append(isPrefix ? "" : Html.Encode(DateOf(row.ChildText("LastModified"))))
                .Append("</td></tr>\n");
        }

        html.Append("</tbody></table>");
        if (rows.Count == 0)
        {
            html.Append("<p>Nothing is here.</p>");
        }

        html.Append("<p>");
        if (marker.Length > 0)
        {
            Link(html, PageOf(request, prefix, ""), "First page");
            html.Append(' ');
        }

        if (root.ChildText("IsTruncated") == "true" && rows.Count > 0)
        {
            Link(html, PageOf(request, prefix, rows[^1].Name), "Next page");
        }

        return html.Append("</p></body></html>\n").ToString();
    }

    private static void WriteCrumbs(StringBuilder html, S3Request request, string prefix)
    {
        Link(html, PageOf(request, "", ""), request.Bucket);
        for (int start = 0, end; (end = prefix.IndexOf('/', start)) >= 0; start = end + 1)
        {
            html.Append(" / ");
            Link(html, PageOf(request, prefix[..(end + 1)], ""), prefix[start..end]);
        }
    }

    private static void Link(StringBuilder html, string? target, string text)
    {
        var shown = $"<bdi>{Html.Encode(text)}</bdi>";
        html.Append(target is null ? shown : $"<a href=\"{Html.Encode(target)}\">{shown}</a>");
    }

    private static string RootOf(S3Request request) =>
        request.Address.IsVirtualHosted ? "/" : $"/{UriEncoding.EncodeComponent(request.Bucket)}/";

    /// <summary>A page. Prefixes are in the query: a browser would change some of them in a path.</summary>
    private static string PageOf(S3Request request, string prefix, string marker) => RootOf(request)
        + (prefix.Length > 0 ? $"?prefix={UriEncoding.EncodeComponent(prefix)}" : "")
        + (marker.Length > 0 ? $"{(prefix.Length > 0 ? '&' : '?')}marker={UriEncoding.EncodeComponent(marker)}" : "");

    /// <summary>An object; null if a browser would ask for another key.</summary>
    private static string? PathOf(S3Request request, string key) =>
        key.Split('/').Any(static part => part is "." or "..") ? null : RootOf(request) + UriEncoding.EncodeKey(key);

    private static string SizeOf(string? text)
    {
        if (!WholeNumbers.TryParse(text, out long bytes))
        {
            return "";
        }

        var (size, unit) = ((double)bytes, 0);
        for (; size >= 1000 && unit < Units.Length - 1; unit++)
        {
            size /= 1024;
        }

        return size.ToString(unit > 0 && size < 10 ? "0.0" : "0", CultureInfo.InvariantCulture) + " " + Units[unit];
    }

    private static string DateOf(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? date.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) : "";

    private static string Decoded(string name, bool isEncoded) =>
        isEncoded && UriEncoding.TryDecodeQuery(name, out var decoded) ? decoded : name;
}
