using System.Text;

namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// Header values travel as bytes; inside the server each byte is one Latin-1 character, so that what a client stored comes back to the
/// byte. Text that was decoded as UTF-8 (from a query, from a key) must be put into that form before it becomes a header.
/// </summary>
public static class HeaderText
{
    /// <summary>The Latin-1 form of a text's UTF-8 bytes.</summary>
    public static string FromText(string text) =>
        Ascii.IsValid(text) ? text : Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>The text whose UTF-8 bytes a header value holds; the value itself where they are not UTF-8.</summary>
    public static string ToText(string header)
    {
        if (Ascii.IsValid(header))
        {
            return header;
        }

        var bytes = Encoding.Latin1.GetBytes(header);
        return System.Text.Unicode.Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : header;
    }
}
