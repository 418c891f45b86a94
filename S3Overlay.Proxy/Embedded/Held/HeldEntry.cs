using System.Buffers.Binary;
using System.Text;

using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Embedded.Held;

/// <summary>A row of the index of held copies: which file has the copy of a key, and what a listing compares of it.</summary>
internal readonly record struct HeldEntry(UInt128 File, long Size, DateTimeOffset LastModified, string ETag)
{
    private const int FixedSize = 32;

    /// <summary>The row's key: bucket names hold no zero byte, so that the keys of a bucket stand together and in their own order.</summary>
    public static byte[] KeyOf(string bucket, string key)
    {
        var length = Encoding.UTF8.GetByteCount(bucket);
        var bytes = new byte[length + 1 + Encoding.UTF8.GetByteCount(key)];
        Encoding.UTF8.GetBytes(bucket, bytes);
        Encoding.UTF8.GetBytes(key, bytes.AsSpan(length + 1));
        return bytes;
    }

    /// <summary>Reads a row's value; null where it is not one of this format.</summary>
    public static HeldEntry? Parse(ReadOnlySpan<byte> value) =>
        value.Length < FixedSize || BinaryPrimitives.ReadInt64LittleEndian(value[24..]) is < 0 or > 3_155_378_975_999_999_999
            ? null
            : new HeldEntry(
                BinaryPrimitives.ReadUInt128LittleEndian(value),
                BinaryPrimitives.ReadInt64LittleEndian(value[16..]),
                new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(value[24..]), TimeSpan.Zero),
                Encoding.UTF8.GetString(value[FixedSize..]));

    /// <summary>The row's value.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[FixedSize + Encoding.UTF8.GetByteCount(ETag)];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, File);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Size);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), LastModified.UtcTicks);
        Encoding.UTF8.GetBytes(ETag, bytes.AsSpan(FixedSize));
        return bytes;
    }

    /// <summary>What a listing compares.</summary>
    public HeldRow ToRow(string key) => new(key, Size, ETag, LastModified);
}
