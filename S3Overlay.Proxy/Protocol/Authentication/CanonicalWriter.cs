using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>Builds what version 4 signs, in bytes: on the caller's stack first, in a pooled array once that is full.</summary>
/// <remarks>
/// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html. Unlike other services, S3 encodes a path once and never
/// normalises it: <c>a/../b</c> and <c>a//b</c> are object names.
/// </remarks>
internal ref struct CanonicalWriter(Span<byte> initial)
{
    private Span<byte> _bytes = initial;
    private byte[]? _rented;
    private int _length;

    public readonly int Length => _length;

    public readonly ReadOnlySpan<byte> Written => _bytes[.._length];

    public void Append(byte value) => Reserve(1)[0] = value;

    public void Append(scoped ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));

    /// <summary>Appends ASCII, or text as received, one byte a character.</summary>
    public void AppendLatin1(scoped ReadOnlySpan<char> text) => Encoding.Latin1.GetBytes(text, Reserve(text.Length));

    /// <summary>Appends text and a line feed.</summary>
    public void AppendLine(scoped ReadOnlySpan<char> text)
    {
        AppendLatin1(text);
        Append((byte)'\n');
    }

    public void AppendHex(scoped ReadOnlySpan<byte> bytes) => Convert.TryToHexStringLower(bytes, Reserve(bytes.Length * 2), out _);

    public void AppendPercentEncoded(byte value)
    {
        var target = Reserve(3);
        target[0] = (byte)'%';
        target[1] = (byte)UriEncoding.HexDigit(value >> 4);
        target[2] = (byte)UriEncoding.HexDigit(value & 15);
    }

    /// <summary>Appends the canonical form of a path: decoded once and encoded in S3's way.</summary>
    public void AppendPath(scoped ReadOnlySpan<char> rawPath)
    {
        if (rawPath.IsEmpty)
        {
            Append((byte)'/');
            return;
        }

        AppendEncoded(rawPath, slashIsPlain: true, plusIsSpace: false);
    }

    /// <summary>Appends text in canonical encoding, whatever its encoding was.</summary>
    public void AppendEncoded(scoped ReadOnlySpan<char> text, bool slashIsPlain, bool plusIsSpace)
    {
        var plain = slashIsPlain ? UriEncoding.UnreservedAndSlash : UriEncoding.Unreserved;
        Span<byte> utf8 = stackalloc byte[4];
        while (true)
        {
            var special = text.IndexOfAnyExcept(plain);
            if (special < 0)
            {
                AppendLatin1(text);
                return;
            }

            AppendLatin1(text[..special]);
            text = text[special..];
            var c = text[0];
            if (c == '%' && text.Length > 2 && char.IsAsciiHexDigit(text[1]) && char.IsAsciiHexDigit(text[2]))
            {
                AppendOctet((byte)((UriEncoding.HexValue(text[1]) << 4) | UriEncoding.HexValue(text[2])), plain);
                text = text[3..];
            }
            else if (c < 0x80)
            {
                AppendPercentEncoded((byte)(plusIsSpace && c == '+' ? ' ' : c));
                text = text[1..];
            }
            else
            {
                Rune.DecodeFromUtf16(text, out var rune, out var consumed);
                foreach (var octet in utf8[..rune.EncodeToUtf8(utf8)])
                {
                    AppendPercentEncoded(octet);
                }

                text = text[consumed..];
            }
        }
    }

    /// <summary>Appends a header's value, trimmed, with each run of spaces as one space.</summary>
    public void AppendHeaderValue(scoped ReadOnlySpan<char> value)
    {
        value = value.Trim(" \t");
        for (var run = value.IndexOf("  "); run >= 0; run = value.IndexOf("  "))
        {
            AppendLatin1(value[..(run + 1)]);
            value = value[(run + 1)..].TrimStart(' ');
        }

        AppendLatin1(value);
    }

    /// <summary>Appends the string to sign of a request.</summary>
    /// <param name="time">The request's time as sent.</param>
    /// <param name="scope">The credential scope: <c>20130524/us-east-1/s3/aws4_request</c>.</param>
    public void AppendStringToSign(scoped ReadOnlySpan<char> time, scoped ReadOnlySpan<char> scope,
        scoped ReadOnlySpan<byte> canonicalRequest)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(canonicalRequest, hash);
        Append("AWS4-HMAC-SHA256\n"u8);
        AppendLine(time);
        AppendLine(scope);
        AppendHex(hash);
    }

    /// <summary>Appends the canonical form of a query: names and values in one encoding, sorted by their bytes.</summary>
    /// <param name="rawQuery">The query without its question mark.</param>
    /// <param name="withoutSignature">Whether to leave out X-Amz-Signature, as presigned URLs do.</param>
    public void AppendQuery(scoped ReadOnlySpan<char> rawQuery, bool withoutSignature)
    {
        if (rawQuery.IsEmpty)
        {
            return;
        }

        var parts = ArrayPool<Part>.Shared.Rent(rawQuery.Count('&') + 1);
        var scratch = new CanonicalWriter(stackalloc byte[512]);
        try
        {
            var count = 0;
            foreach (var range in rawQuery.Split('&'))
            {
                var text = rawQuery[range];
                if (text.IsEmpty)
                {
                    continue;
                }

                var equals = text.IndexOf('=');
                var start = scratch.Length;
                scratch.AppendEncoded(equals < 0 ? text : text[..equals], slashIsPlain: false, plusIsSpace: true);
                var nameLength = scratch.Length - start;
                if (withoutSignature && scratch.Written[start..].SequenceEqual("X-Amz-Signature"u8))
                {
                    continue;
                }

                scratch.AppendEncoded(equals < 0 ? default : text[(equals + 1)..], slashIsPlain: false, plusIsSpace: true);
                parts[count++] = new(start, nameLength, scratch.Length - start - nameLength);
            }

            Sort(parts.AsSpan(0, count), scratch.Written);
            for (var i = 0; i < count; i++)
            {
                if (i > 0)
                {
                    Append((byte)'&');
                }

                Append(parts[i].Name(scratch.Written));
                Append((byte)'=');
                Append(parts[i].Value(scratch.Written));
            }
        }
        finally
        {
            scratch.Dispose();
            ArrayPool<Part>.Shared.Return(parts);
        }
    }

    public void Clear() => _length = 0;

    public void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
            _rented = null;
        }

        _bytes = default;
    }

    private void AppendOctet(byte octet, SearchValues<char> plain)
    {
        if (plain.Contains((char)octet))
        {
            Append(octet);
        }
        else
        {
            AppendPercentEncoded(octet);
        }
    }

    private static unsafe void Sort(Span<Part> parts, ReadOnlySpan<byte> text)
    {
        // Not an insertion sort: an unauthenticated request can have thousands of parameters.
        fixed (byte* start = text)
        {
            parts.Sort(new PartOrder(start, text.Length));
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Part(int Start, int NameLength, int ValueLength)
    {
        public ReadOnlySpan<byte> Name(ReadOnlySpan<byte> text) => text.Slice(Start, NameLength);

        public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> text) => text.Slice(Start + NameLength, ValueLength);
    }

    private readonly unsafe struct PartOrder(byte* start, int length) : IComparer<Part>
    {
        public int Compare(Part x, Part y)
        {
            var text = new ReadOnlySpan<byte>(start, length);
            var names = x.Name(text).SequenceCompareTo(y.Name(text));
            return names != 0 ? names : x.Value(text).SequenceCompareTo(y.Value(text));
        }
    }

    private Span<byte> Reserve(int count)
    {
        if (_length + count > _bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, _length + count));
            Written.CopyTo(larger);
            if (_rented is not null)
            {
                ArrayPool<byte>.Shared.Return(_rented);
            }

            _bytes = _rented = larger;
        }

        var target = _bytes.Slice(_length, count);
        _length += count;
        return target;
    }
}
