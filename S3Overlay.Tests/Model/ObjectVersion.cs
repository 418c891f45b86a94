using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace S3Overlay.Tests.Model;

/// <summary>A possible object: its bytes, ETag and metadata. Versions with the same ETag are equal.</summary>
internal sealed record ObjectVersion(byte[] Bytes, string ETag)
{
    /// <summary>The header that carries <see cref="Meta"/>.</summary>
    public const string MetaHeader = "x-amz-meta-content";

    /// <summary>
    /// A metadata value. A multipart upload sets it at its start, and a copy takes it over. Otherwise it follows from the bytes.
    /// </summary>
    public string Meta { get; init; } = Hash(Bytes)[..8];

    /// <summary>Its tags, as a query string. Only objects that were put in one piece here, and their copies, have any.</summary>
    public string Tags { get; init; } = "";

    /// <summary>Its parts, by number. Empty if it was put in one piece.</summary>
    public IReadOnlyList<(int Number, int First, int Length)> Parts { get; private init; } = [];

    /// <summary>An object that was put in one piece.</summary>
    public static ObjectVersion Of(byte[] bytes) => new(bytes, $"\"{Hash(bytes)}\"");

    /// <summary>An object that a client puts here: the bytes decide whether it has tags, as they decide its metadata.</summary>
    public static ObjectVersion OfPut(byte[] bytes)
    {
        var version = Of(bytes);
        return bytes.Length >= ModelEntries.ShortestKnown && version.Meta[0] < '8' ? version with { Tags = "t=" + version.Meta } : version;
    }

    /// <summary>An object that was put together from these parts.</summary>
    public static ObjectVersion OfParts(IReadOnlyDictionary<int, byte[]> parts)
    {
        var (bytes, places) = (new List<byte>(), new List<(int, int, int)>());
        foreach (var (number, part) in parts)
        {
            places.Add((number, bytes.Count, part.Length));
            bytes.AddRange(part);
        }

        return new([.. bytes], $"\"{Hash([.. parts.Values.SelectMany(part => MD5.HashData(part))])}-{parts.Count}\"") { Parts = places };
    }

    /// <summary>The same bytes in parts of the given length. Unchanged if there are no bytes.</summary>
    public ObjectVersion InPartsOf(int length) => length == 0 || Bytes.Length == 0 ? this
        : OfParts(Bytes.Chunk(length).Index().ToDictionary(part => part.Index + 1, part => part.Item));

    /// <summary>
    /// The bytes of a part, its offset and the number of parts. Null if there is no such part. An object that was put in one piece
    /// is its own first part.
    /// </summary>
    public (int First, int Length)? Part(int number) =>
        Parts.Count == 0 ? number == 1 ? (0, Bytes.Length) : null
        : Parts.Where(part => part.Number == number).Select(part => ((int, int)?)(part.First, part.Length)).FirstOrDefault();

    /// <summary>Bytes that differ for each serial, if they are long enough.</summary>
    public static byte[] Content(int serial, int size)
    {
        var start = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{serial} "));
        var bytes = new byte[size];
        for (var i = 0; i < size; i++)
        {
            bytes[i] = i < start.Length ? start[i] : (byte)('a' + ((i + serial) % 23));
        }

        return bytes;
    }

    /// <summary>The header that sets its tags; none if it has none.</summary>
    public (string Name, string Value)[] TagHeader() => Tags.Length == 0 ? [] : [("x-amz-tagging", Tags)];

    public bool Equals(ObjectVersion? other) => other is not null && other.ETag == ETag;

    public override int GetHashCode() => ETag.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => $"{ETag[..9]}\" ({Bytes.Length} bytes)";

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(MD5.HashData(bytes));
}
