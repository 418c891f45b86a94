using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>A listing as a page of HTML: names, sizes, dates, and links.</summary>
/// <param name="bucket">The bucket.</param>
/// <param name="isVirtualHosted">Whether the host names the bucket.</param>
/// <param name="prefix">What all names begin with.</param>
/// <param name="marker">What the page begins behind; empty for the first one.</param>
internal sealed class PublicPage(string bucket, bool isVirtualHosted, string prefix, string marker)
{
    private const string Style = """
        :root{color-scheme:light dark;--bg:light-dark(#f5f5f5,#1b1b1d);--card:light-dark(#fff,#242427);--line:light-dark(#e0e0e0,#38383c);
        --fg:light-dark(#242424,#f0f0f0);--dim:light-dark(#616161,#adadad);--link:light-dark(#4f5bd5,#8f9bff)}
        *{box-sizing:border-box}body>svg{position:absolute}
        body{margin:0 auto;max-width:1040px;padding:28px 16px 40px;background:var(--bg);color:var(--fg);
        font:14px/20px "Segoe UI Variable Text","Segoe UI",system-ui,-apple-system,sans-serif}
        h1{margin:0 0 14px;font-size:18px;line-height:26px;font-weight:600;overflow-wrap:anywhere}h1 span{color:var(--dim);font-weight:400}
        a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}h1 a{color:inherit}
        :focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
        table{width:100%;background:var(--card);border:1px solid var(--line);border-radius:6px;border-spacing:0}
        th{padding:8px 16px;text-align:left;font-size:12px;font-weight:600;color:var(--dim)}
        td{padding:6px 16px;border-top:1px solid var(--line);vertical-align:top}
        .k{overflow-wrap:anywhere}td.k{padding-left:40px}.k svg{width:16px;height:16px;margin:0 8px 0 -24px;
        vertical-align:-3px;fill:none;stroke:var(--dim);
        stroke-width:1.4;stroke-linejoin:round}bdi{white-space:pre-wrap}bdi i{color:var(--dim);font:normal 12px/16px ui-monospace,monospace}
        .n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}td.n{color:var(--dim)}
        p{margin:14px 0;color:var(--dim)}p a{margin-right:16px}
        @media(max-width:560px){body{padding:16px 10px 28px}th,td{padding:7px 10px}td.k{padding-left:34px}.d{display:none}}
        """;

    private const string Shapes = "<svg width=\"0\" height=\"0\" aria-hidden=\"true\"><symbol id=\"d\" viewBox=\"0 0 20 20\"><path "
        + "d=\"M2.5 5.5a1 1 0 011-1h4l2 2h7a1 1 0 011 1v8a1 1 0 01-1 1h-13a1 1 0 01-1-1z\"/></symbol>"
        + "<symbol id=\"f\" viewBox=\"0 0 20 20\"><path d=\"M5 2.5h6.5l4 4v11H5zM11.5 2.5v4h4\"/></symbol></svg>";

    /// <summary>The policy of a page: its own style, and nothing else.</summary>
    public static readonly string ContentPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        + $"style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'";

    /// <summary>Joins emoji, and hides nothing.</summary>
    private const int Joiner = 0x200D;

    private static readonly HtmlEncoder Html = HtmlEncoder.Create(UnicodeRanges.All);

    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    private readonly StringBuilder _html = new();

    private string Root => isVirtualHosted ? "/" : $"/{UriEncoding.EncodeComponent(bucket)}/";

    /// <summary>The folder that the page shows. A prefix may go on behind it.</summary>
    private string Folder => prefix[..(prefix.LastIndexOf('/') + 1)];

    /// <summary>Writes the page.</summary>
    /// <param name="listing">The document of the listing.</param>
    public string Write(XElement listing)
    {
        var isEncoded = listing.ChildText("EncodingType") == "url";
        var rows = listing.Elements().Where(static row => row.Name.LocalName is "Contents" or "CommonPrefixes")
            .Select(row => (Name: Decoded(row.ChildText("Key") ?? row.ChildText("Prefix") ?? "", isEncoded), Row: row))
            .OrderBy(static row => row.Name, Utf8Order.Instance).ToList();
        var last = rows.Count > 0 ? rows[^1].Name : Decoded(listing.ChildText("NextMarker") ?? "", isEncoded);

        // The object that makes a folder of itself is the folder.
        rows.RemoveAll(row => row.Name == Folder);
        var title = Html.Encode(prefix.Length == 0 ? bucket : $"{bucket}/{prefix}");
        _html.Append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>").Append(title)
            .Append("</title><style>").Append(Style).Append("</style></head><body>").Append(Shapes).Append("<h1>");
        WriteCrumbs();
        _html.Append("</h1>\n");
        if (rows.Count > 0)
        {
            _html.Append("<table><thead><tr><th>Name</th><th class=\"n\">Size</th><th class=\"n d\">Changed (UTC)</th></tr></thead>")
                .Append("<tbody>\n");
            rows.ForEach(row => WriteRow(row.Name, row.Row));
            _html.Append("</tbody></table>\n");
        }
        else
        {
            _html.Append(marker.Length > 0 ? "<p>There is nothing more.</p>\n" : "<p>There is nothing here.</p>\n");
        }

        WritePager(listing.ChildText("IsTruncated") == "true" && last.Length > 0 ? last : null);
        return _html.Append("</body></html>\n").ToString();
    }

    private void WriteCrumbs()
    {
        WriteLink(PageOf("", ""), bucket);
        var start = 0;
        for (int end; (end = prefix.IndexOf('/', start)) >= 0; start = end + 1)
        {
            _html.Append(" <span>/</span> ");
            WriteLink(PageOf(prefix[..(end + 1)], ""), prefix[start..end]);
        }

        if (start < prefix.Length)
        {
            _html.Append(" <span>/</span> ");
            WriteLink(null, prefix[start..] + "…");
        }
    }

    private void WriteRow(string name, XElement row)
    {
        var isPrefix = row.Name.LocalName == "CommonPrefixes";
        _html.Append("<tr><td class=\"k\"><svg aria-hidden=\"true\"><use href=\"#").Append(isPrefix ? 'd' : 'f').Append("\"/></svg>");
        WriteLink(isPrefix ? PageOf(name, "") : PathOf(name), name[Math.Min(Folder.Length, name.Length)..]);
        _html.Append("</td><td class=\"n\">").Append(isPrefix ? "" : Html.Encode(SizeOf(row.ChildText("Size"))))
            .Append("</td><td class=\"n d\">").Append(isPrefix ? "" : Html.Encode(DateOf(row.ChildText("LastModified"))))
            .Append("</td></tr>\n");
    }

    /// <param name="last">The last name of this page; null if there is no next one.</param>
    private void WritePager(string? last)
    {
        if (marker.Length == 0 && last is null)
        {
            return;
        }

        _html.Append("<p>");
        if (marker.Length > 0)
        {
            WriteLink(PageOf(prefix, ""), "First page");
        }

        if (last is not null)
        {
            WriteLink(PageOf(prefix, last), "Next page");
        }

        _html.Append("</p>");
    }

    private void WriteLink(string? target, string text)
    {
        var shown = $"<bdi>{Visible(text.Length == 0 ? "(empty)" : text)}</bdi>";
        _html.Append(target is null ? shown : $"<a href=\"{Html.Encode(target)}\">{shown}</a>");
    }

    /// <summary>A name, with what would hide or turn a part of it as <c>U+202E</c>.</summary>
    private static string Visible(string text) => string.Concat(text.EnumerateRunes().Select(static rune =>
        rune.Value == Joiner || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            ? Html.Encode(rune.ToString()) : string.Create(CultureInfo.InvariantCulture, $"<i>U+{rune.Value:X4}</i>")));

    /// <summary>A page. Prefixes are in the query: a browser would change some of them in a path.</summary>
    private string PageOf(string name, string behind) => Root
        + (name.Length > 0 ? $"?prefix={UriEncoding.EncodeComponent(name)}" : "")
        + (behind.Length > 0 ? $"{(name.Length > 0 ? '&' : '?')}marker={UriEncoding.EncodeComponent(behind)}" : "");

    /// <summary>An object; null if a browser would ask for another key.</summary>
    private string? PathOf(string key)
    {
        if (key.Split('/').Any(static part => part is "." or ".."))
        {
            return null;
        }

        // A path with two slashes at its start would be another host. Browsers take the dot away, and nothing else.
        var path = Root + UriEncoding.EncodeKey(key);
        return path.StartsWith("//", StringComparison.Ordinal) ? $"/.{path}" : path;
    }

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
