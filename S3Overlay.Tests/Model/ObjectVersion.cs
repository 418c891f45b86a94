using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace S3Overlay.Tests.Model;

/// <summary>A possible object: its bytes, ETag and metadata. Versions with the same ETag are equal.</summary>
/// <param name="Bytes">The body.</param>
/// <param name="ETag">In quotes.</param>
internal sealed record ObjectVersion(byte[] Bytes, string ETag)
{
    /// <summary>The header that carries <see cref="Meta"/>.</summary>
    public const string MetaHeader = "x-amz-meta-content";

    /// <summary>
    /// A value of metadata: of a multipart upload what it began with, and what a copy took over; else it follows from the bytes.
    /// </summary>
    public string Meta { get; init; } = Hash(Bytes)[..8];

    /// <summary>Its parts, by number; none where it was put in one piece.</summary>
    public IReadOnlyList<(int Number, int First, int Length)> Parts { get; private init; } = [];

    /// <summary>An object that was put in one piece.</summary>
    public static ObjectVersion Of(byte[] bytes) => new(bytes, $"\"{Hash(bytes)}\"");

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

    /// <summary>The same bytes, put together from parts of a length; as they are where there are none.</summary>
    public ObjectVersion InPartsOf(int length) => length == 0 || Bytes.Length == 0 ? this
        : OfParts(Bytes.Chunk(length).Index().ToDictionary(part => part.Index + 1, part => part.Item));

    /// <summary>
    /// The bytes of a part, where its first is and how many there are; null where there is none of that number. What was put in one piece
    /// is its own first part.
    /// </summary>
    public (int First, int Length)? Part(int number) =>
        Parts.Count == 0 ? number == 1 ? (0, Bytes.Length) : null
        : Parts.Where(part => part.Number == number).Select(part => ((int, int)?)(part.First, part.Length)).FirstOrDefault();

    /// <summary>Bytes that no other serial has, as far as there is room for it.</summary>
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

    /// <inheritdoc/>
    public bool Equals(ObjectVersion? other) => other is not null && other.ETag == ETag;

    /// <inheritdoc/>
    public override int GetHashCode() => ETag.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => $"{ETag[..9]}\" ({Bytes.Length} bytes)";

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(MD5.HashData(bytes));
}
