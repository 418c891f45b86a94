using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace S3Overlay.Tests.Model;

/// <summary>What an object may be: bytes, the ETag they have, and metadata that follows from them. Two with the same ETag are the same.</summary>
/// <param name="Bytes">The body.</param>
/// <param name="ETag">In quotes.</param>
internal sealed record ObjectVersion(byte[] Bytes, string ETag)
{
    /// <summary>The header that carries <see cref="Meta"/>.</summary>
    public const string MetaHeader = "x-amz-meta-content";

    /// <summary>A value of metadata.</summary>
    public string Meta { get; } = Hash(Bytes)[..8];

    /// <summary>An object that was put in one piece.</summary>
    public static ObjectVersion Of(byte[] bytes) => new(bytes, $"\"{Hash(bytes)}\"");

    /// <summary>An object that was uploaded in one part.</summary>
    public static ObjectVersion OfUpload(byte[] bytes) => new(bytes, $"\"{Hash(MD5.HashData(bytes))}-1\"");

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
