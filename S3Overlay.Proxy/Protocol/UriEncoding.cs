using System.Buffers;
using System.Text;

namespace S3Overlay.Proxy.Protocol;

/// <summary>Percent-encoding as SigV4 and <c>encoding-type=url</c> define it: only <c>A-Z a-z 0-9 - . _ ~</c> stay plain.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "UriEncode".</remarks>
public static class UriEncoding
{
    internal static readonly SearchValues<char> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    internal static readonly SearchValues<char> UnreservedAndSlash =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/");

    /// <summary>Encodes a key for a URL path or a listing. Slashes stay.</summary>
    public static string EncodeKey(string key) => Encode(key, UnreservedAndSlash);

    /// <summary>Encodes a query name or value, slashes too.</summary>
    public static string EncodeComponent(string value) => Encode(value, Unreserved);

    /// <summary>Decodes percent-escapes once. A plus stays a plus.</summary>
    /// <returns>False if an escape is malformed or the bytes are not UTF-8.</returns>
    public static bool TryDecode(ReadOnlySpan<char> text, out string decoded) => TryDecode(text, plusIsSpace: false, out decoded);

    /// <summary>Decodes a query component as S3 does: a plus is a space.</summary>
    /// <returns>False if an escape is malformed or the bytes are not UTF-8.</returns>
    public static bool TryDecodeQuery(ReadOnlySpan<char> text, out string decoded) => TryDecode(text, plusIsSpace: true, out decoded);

    private static string Encode(string text, SearchValues<char> plain)
    {
        if (!text.AsSpan().ContainsAnyExcept(plain))
        {
            return text;
        }

        var builder = new StringBuilder(text.Length + 16);
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.IsAscii && plain.Contains((char)rune.Value))
            {
                builder.Append((char)rune.Value);
                continue;
            }

            var length = rune.EncodeToUtf8(utf8);
            foreach (var octet in utf8[..length])
            {
                builder.Append('%').Append(HexDigit(octet >> 4)).Append(HexDigit(octet & 15));
            }
        }

        return builder.ToString();
    }

    internal static char HexDigit(int value) => (char)(value < 10 ? '0' + value : 'A' + value - 10);

    private static bool TryDecode(ReadOnlySpan<char> text, bool plusIsSpace, out string decoded)
    {
        if (!text.Contains('%') && !(plusIsSpace && text.Contains('+')) && System.Text.Ascii.IsValid(text))
        {
            decoded = text.ToString();
            return true;
        }

        var bytes = ArrayPool<byte>.Shared.Rent((text.Length * 3) + 1);
        try
        {
            var length = 0;
            for (var i = 0; i < text.Length; i++)
            {
                var c = text[i];
                if (c == '%')
                {
                    if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                    {
                        decoded = "";
                        return false;
                    }

                    bytes[length++] = (byte)((HexValue(text[i + 1]) << 4) | HexValue(text[i + 2]));
                    i += 2;
                }
                else if (plusIsSpace && c == '+')
                {
                    bytes[length++] = (byte)' ';
                }
                else if (c < 0x80)
                {
                    bytes[length++] = (byte)c;
                }
                else
                {
                    var pair = char.IsHighSurrogate(c) && i + 1 < text.Length ? 2 : 1;
                    length += Encoding.UTF8.GetBytes(text.Slice(i, pair), bytes.AsSpan(length));
                    i += pair - 1;
                }
            }

            if (!System.Text.Unicode.Utf8.IsValid(bytes.AsSpan(0, length)))
            {
                decoded = "";
                return false;
            }

            decoded = Encoding.UTF8.GetString(bytes, 0, length);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    internal static int HexValue(char c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}
