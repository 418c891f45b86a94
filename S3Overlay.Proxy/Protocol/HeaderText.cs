using System.Text;

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// Converts header values. Headers are bytes; the server keeps each byte as one Latin-1 character, so that stored values come back
/// unchanged. Convert UTF-8 text (from a query or key) before using it as a header.
/// </summary>
public static class HeaderText
{
    /// <summary>The UTF-8 bytes of a text as Latin-1 characters.</summary>
    public static string FromText(string text) => Ascii.IsValid(text) ? text : Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>The text that a header value holds as UTF-8; the value itself if it is not UTF-8.</summary>
    public static string ToText(string header)
    {
        if (Ascii.IsValid(header))
        {
            return header;
        }

        var bytes = Encoding.Latin1.GetBytes(header);
        return System.Text.Unicode.Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : header;
    }

    /// <summary>
    /// Sets a response header, replacing one of that name. Metadata may have empty values, and the web server's indexer removes a header
    /// that is set to one.
    /// </summary>
    public static void SetAsIs(this IHeaderDictionary headers, string name, StringValues values)
    {
        if (!StringValues.IsNullOrEmpty(values))
        {
            headers[name] = values;
            return;
        }

        headers.Remove(name);
        if (values.Count > 0)
        {
            ((ICollection<KeyValuePair<string, StringValues>>)headers).Add(new(name, values));
        }
    }
}
