using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>The parts of AWS Signature Version 4 that signing and checking share, in S3's variant.</summary>
/// <remarks>
/// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html. Unlike other services, S3 encodes a path once and never
/// normalises it: <c>a/../b</c> and <c>a//b</c> are object names.
/// </remarks>
public static class SigV4
{
    /// <summary>The algorithm's name in Authorization and X-Amz-Algorithm.</summary>
    public const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>The last part of every credential scope.</summary>
    public const string Terminator = "aws4_request";

    /// <summary>The payload hash of an unsigned body.</summary>
    public const string UnsignedPayload = "UNSIGNED-PAYLOAD";

    /// <summary>The payload hash of a body in signed chunks.</summary>
    public const string StreamingPayload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";

    /// <summary>The payload hash of a body in signed chunks with a signed trailer.</summary>
    public const string StreamingPayloadTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";

    /// <summary>The payload hash of a body in unsigned chunks with a trailer.</summary>
    public const string StreamingUnsignedPayloadTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

    /// <summary>The payload hash of an empty body.</summary>
    public const string EmptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// <summary>The time format of x-amz-date and the string to sign.</summary>
    public const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";

    private static readonly SearchValues<char> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    private static readonly SearchValues<char> UnreservedAndSlash =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/");

    /// <summary>Appends the canonical form of a path: decoded once and encoded in S3's way.</summary>
    internal static void AppendPath(ref CanonicalWriter writer, ReadOnlySpan<char> rawPath)
    {
        if (rawPath.IsEmpty)
        {
            writer.Append((byte)'/');
            return;
        }

        AppendEncoded(ref writer, rawPath, slashIsPlain: true, plusIsSpace: false);
    }

    /// <summary>Appends text in canonical encoding, whatever its encoding was.</summary>
    internal static void AppendEncoded(ref CanonicalWriter writer, ReadOnlySpan<char> text, bool slashIsPlain, bool plusIsSpace)
    {
        var plain = slashIsPlain ? UnreservedAndSlash : Unreserved;
        Span<byte> utf8 = stackalloc byte[4];
        while (true)
        {
            var special = text.IndexOfAnyExcept(plain);
            if (special < 0)
            {
                writer.AppendLatin1(text);
                return;
            }

            writer.AppendLatin1(text[..special]);
            text = text[special..];
            var c = text[0];
            if (c == '%' && text.Length > 2 && char.IsAsciiHexDigit(text[1]) && char.IsAsciiHexDigit(text[2]))
            {
                AppendOctet(ref writer, (byte)((HexValue(text[1]) << 4) | HexValue(text[2])), plain);
                text = text[3..];
            }
            else if (c < 0x80)
            {
                writer.AppendPercentEncoded((byte)(plusIsSpace && c == '+' ? ' ' : c));
                text = text[1..];
            }
            else
            {
                Rune.DecodeFromUtf16(text, out var rune, out var consumed);
                foreach (var octet in utf8[..rune.EncodeToUtf8(utf8)])
                {
                    writer.AppendPercentEncoded(octet);
                }

                text = text[consumed..];
            }
        }
    }

    /// <summary>Appends a header's value, trimmed, with each run of spaces as one space.</summary>
    internal static void AppendHeaderValue(ref CanonicalWriter writer, ReadOnlySpan<char> value)
    {
        value = value.Trim(" \t");
        for (var run = value.IndexOf("  "); run >= 0; run = value.IndexOf("  "))
        {
            writer.AppendLatin1(value[..(run + 1)]);
            value = value[(run + 1)..].TrimStart(' ');
        }

        writer.AppendLatin1(value);
    }

    /// <summary>Appends the string to sign of a request.</summary>
    /// <param name="time">The request's time as sent.</param>
    /// <param name="scope">The credential scope: <c>20130524/us-east-1/s3/aws4_request</c>.</param>
    internal static void AppendStringToSign(
        ref CanonicalWriter writer, ReadOnlySpan<char> time, ReadOnlySpan<char> scope, ReadOnlySpan<byte> canonicalRequest)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(canonicalRequest, hash);
        writer.Append("AWS4-HMAC-SHA256\n"u8);
        writer.AppendLatin1(time);
        writer.Append((byte)'\n');
        writer.AppendLatin1(scope);
        writer.Append((byte)'\n');
        writer.AppendHex(hash);
    }

    private static void AppendOctet(ref CanonicalWriter writer, byte octet, SearchValues<char> plain)
    {
        if (plain.Contains((char)octet))
        {
            writer.Append(octet);
        }
        else
        {
            writer.AppendPercentEncoded(octet);
        }
    }

    private static int HexValue(char c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}
