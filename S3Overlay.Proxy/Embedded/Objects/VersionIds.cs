using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>
/// Ids of versions: the number in the order of all writes and deletes, and 64 random bits, in base64url. So a version is one look-up.
/// <c>null</c> names the version of a write without versioning (rule V1).
/// </summary>
internal static class VersionIds
{
    /// <summary>The id of writes while versioning is not enabled.</summary>
    public const string Null = "null";

    private const int Bytes = 16;
    private const int Characters = 22;

    /// <summary>An id that was never given out.</summary>
    public static string New(ulong sequence)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, sequence);
        RandomNumberGenerator.Fill(bytes[8..]);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>The number in an id. S3 calls ids that it cannot have issued invalid.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public static ulong Parse(string versionId) => TryParse(versionId, out var sequence) ? sequence
        : versionId.Length == 0 ? throw ReadParameters.EmptyVersion()
        : throw S3Exception.Argument("Invalid version id specified", "versionId", versionId);

    /// <summary>The number in an id. False if no version can have the id.</summary>
    public static bool TryParse(string versionId, out ulong sequence)
    {
        Span<byte> bytes = stackalloc byte[Bytes];

        // Decoding throws for other characters, whatever its name says.
        var isId = versionId.Length == Characters && Base64Url.IsValid(versionId)
            && Base64Url.TryDecodeFromChars(versionId, bytes, out var length) && length == Bytes;
        sequence = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        return isId;
    }
}
