using System.Buffers.Binary;
using System.Security.Cryptography;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>The random name of a file in the store. Keys never become paths; this does.</summary>
internal readonly record struct FileId(ulong High, ulong Low)
{
    /// <summary>Size in bytes.</summary>
    public const int Size = 16;

    public static FileId New()
    {
        Span<byte> bytes = stackalloc byte[Size];
        RandomNumberGenerator.Fill(bytes);
        return Read(bytes);
    }

    public static FileId Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    public static bool TryParse(string name, out FileId id)
    {
        id = default;
        if (name.Length != 2 * Size || name.AsSpan().ContainsAnyExcept("0123456789abcdef"))
        {
            return false;
        }

        id = Read(Convert.FromHexString(name));
        return true;
    }

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
    }

    /// <summary>32 hex digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        Write(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
