using System.Buffers.Binary;
using System.Security.Cryptography;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>The random name of a file in the store. Keys never become paths; this does.</summary>
internal readonly record struct FileId(ulong High, ulong Low)
{
    /// <summary>Bytes it has when written down.</summary>
    public const int Size = 16;

    /// <summary>A name nobody has.</summary>
    public static FileId New()
    {
        Span<byte> bytes = stackalloc byte[Size];
        RandomNumberGenerator.Fill(bytes);
        return Read(bytes);
    }

    /// <summary>Reads one back.</summary>
    public static FileId Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    /// <summary>Reads a file name back.</summary>
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

    /// <summary>Writes it down.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
    }

    /// <summary>The file name: 32 digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        Write(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
