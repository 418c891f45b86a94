using System.Buffers.Binary;
using System.Text;

using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>A row of the cache's index: which file has a key's entry, and what a listing compares.</summary>
/// <param name="File">The file.</param>
/// <param name="Size">The object's size in bytes.</param>
/// <param name="LastModified">The version's date.</param>
/// <param name="ETag">The version.</param>
/// <param name="Used">The last use when the row was written.</param>
/// <param name="CachedBytes">The cached bytes when the row was written.</param>
internal readonly record struct IndexedEntry(UInt128 File, long Size, DateTimeOffset LastModified, string ETag, DateTimeOffset Used,
    long CachedBytes)
{
    /// <summary>Where rows of entries begin. Earlier rows, by last use, belong to no bucket.</summary>
    public static readonly byte[] First = [0x20];

    /// <summary>Where rows by last use begin.</summary>
    public static readonly byte[] FirstUse = [1];

    private const int FixedSize = 48;
    private const int UseSize = 1 + 8 + 16;
    private const long MaxTicks = 3_155_378_975_999_999_999;

    /// <summary>The key of the entry's row in the order of last use. The value is the entry's own key.</summary>
    public byte[] UseKey
    {
        get
        {
            var key = new byte[UseSize];
            key[0] = FirstUse[0];
            BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(1), Used.UtcTicks);
            BinaryPrimitives.WriteUInt128BigEndian(key.AsSpan(9), File);
            return key;
        }
    }

    /// <summary>The row's key. Bucket names contain no zero byte, so a bucket's keys are together and in order.</summary>
    public static byte[] KeyOf(string bucket, string key)
    {
        var length = Encoding.UTF8.GetByteCount(bucket);
        var bytes = new byte[length + 1 + Encoding.UTF8.GetByteCount(key)];
        Encoding.UTF8.GetBytes(bucket, bytes);
        Encoding.UTF8.GetBytes(key, bytes.AsSpan(length + 1));
        return bytes;
    }

    /// <summary>The bucket and key in a row's key.</summary>
    public static (string Bucket, string Key) NameOf(ReadOnlySpan<byte> rowKey)
    {
        var end = rowKey.IndexOf((byte)0);
        return (Encoding.UTF8.GetString(rowKey[..end]), Encoding.UTF8.GetString(rowKey[(end + 1)..]));
    }

    /// <summary>Parses a row's value; null if it has another format.</summary>
    public static IndexedEntry? Parse(ReadOnlySpan<byte> value) =>
        value.Length < FixedSize
            || BinaryPrimitives.ReadInt64LittleEndian(value[24..]) is < 0 or > MaxTicks
            || BinaryPrimitives.ReadInt64LittleEndian(value[32..]) is < 0 or > MaxTicks
            || BinaryPrimitives.ReadInt64LittleEndian(value[40..]) < 0
            ? null
            : new IndexedEntry(
                BinaryPrimitives.ReadUInt128LittleEndian(value),
                BinaryPrimitives.ReadInt64LittleEndian(value[16..]),
                new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(value[24..]), TimeSpan.Zero),
                Encoding.UTF8.GetString(value[FixedSize..]),
                new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(value[32..]), TimeSpan.Zero),
                BinaryPrimitives.ReadInt64LittleEndian(value[40..]));

    public byte[] ToBytes()
    {
        var bytes = new byte[FixedSize + Encoding.UTF8.GetByteCount(ETag)];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, File);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Size);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), LastModified.UtcTicks);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), Used.UtcTicks);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(40), CachedBytes);
        Encoding.UTF8.GetBytes(ETag, bytes.AsSpan(FixedSize));
        return bytes;
    }

    public CacheRow ToRow(string key) => new(key, Size, ETag, LastModified);
}
