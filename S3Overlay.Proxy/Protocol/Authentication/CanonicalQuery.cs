using System.Buffers;
using System.Runtime.InteropServices;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>The canonical query of SigV4: names and values in one encoding, sorted by their bytes.</summary>
internal static class CanonicalQuery
{
    /// <summary>Appends the canonical form of a query.</summary>
    /// <param name="rawQuery">The query without its question mark.</param>
    /// <param name="withoutSignature">Whether to leave out X-Amz-Signature, as presigned URLs do.</param>
    public static void Append(ref CanonicalWriter writer, ReadOnlySpan<char> rawQuery, bool withoutSignature)
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
                SigV4.AppendEncoded(ref scratch, equals < 0 ? text : text[..equals], slashIsPlain: false, plusIsSpace: true);
                var nameLength = scratch.Length - start;
                if (withoutSignature && scratch.Written[start..].SequenceEqual("X-Amz-Signature"u8))
                {
                    continue;
                }

                SigV4.AppendEncoded(ref scratch, equals < 0 ? default : text[(equals + 1)..], slashIsPlain: false, plusIsSpace: true);
                parts[count++] = new(start, nameLength, scratch.Length - start - nameLength);
            }

            Sort(parts.AsSpan(0, count), scratch.Written);
            for (var i = 0; i < count; i++)
            {
                if (i > 0)
                {
                    writer.Append((byte)'&');
                }

                writer.Append(parts[i].Name(scratch.Written));
                writer.Append((byte)'=');
                writer.Append(parts[i].Value(scratch.Written));
            }
        }
        finally
        {
            scratch.Dispose();
            ArrayPool<Part>.Shared.Return(parts);
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
}
