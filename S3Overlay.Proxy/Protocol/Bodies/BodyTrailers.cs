using System.Security.Cryptography;
using System.Text;

namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>The headers after the last chunk of a body.</summary>
internal static class BodyTrailers
{
    /// <summary>The most bytes allowed after the last chunk.</summary>
    public const int MaxLength = 16 * 1024;

    private const string Signature = "x-amz-trailer-signature";

    /// <summary>Parses everything after the last chunk.</summary>
    /// <param name="bytes">The rest of the body.</param>
    /// <param name="announced">The names in <c>x-amz-trailer</c>, in lower case.</param>
    /// <param name="signature">The value of <c>x-amz-trailer-signature</c>, which is not part of the result.</param>
    /// <exception cref="S3Exception">
    /// MalformedTrailerError: not a header, one that was not announced, or an announced one is missing.
    /// </exception>
    public static List<KeyValuePair<string, string>> Read(
        ReadOnlySpan<byte> bytes, IReadOnlyCollection<string> announced, out string? signature)
    {
        signature = null;
        var trailers = new List<KeyValuePair<string, string>>();
        foreach (var range in bytes.Split((byte)'\n'))
        {
            // Ignore empty lines: the MinIO client ends its trailers with a line feed and an empty line before their signature; others
            // leave the last one out.
            var line = bytes[range].Trim(" \t\r"u8);
            if (line.IsEmpty)
            {
                continue;
            }

            var colon = line.IndexOf((byte)':');
            if (colon <= 0)
            {
                throw new S3Exception(S3Errors.MalformedTrailer);
            }

            var name = Encoding.Latin1.GetString(line[..colon]).ToLowerInvariant();
            var value = Encoding.Latin1.GetString(line[(colon + 1)..].Trim(" \t"u8));
            if (name == Signature && signature is null)
            {
                signature = value;
            }
            else if (announced.Contains(name) && !trailers.Exists(trailer => trailer.Key == name))
            {
                trailers.Add(new(name, value));
            }
            else
            {
                throw new S3Exception(S3Errors.MalformedTrailer);
            }
        }

        return trailers.Count == announced.Count ? trailers : throw new S3Exception(S3Errors.MalformedTrailer);
    }

    /// <summary>Computes the hash that the trailer's signature covers.</summary>
    public static void Hash(IEnumerable<KeyValuePair<string, string>> trailers, Span<byte> hash)
    {
        var canonical = new StringBuilder();
        foreach (var (name, value) in trailers.OrderBy(trailer => trailer.Key, StringComparer.Ordinal))
        {
            canonical.Append(name).Append(':').Append(value).Append('\n');
        }

        SHA256.HashData(Encoding.Latin1.GetBytes(canonical.ToString()), hash);
    }
}
