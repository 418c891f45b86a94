using System.Buffers.Binary;
using System.Text;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>
/// The index's one ordered key space. The first letter says what a row is; bucket and key stand as their UTF-8 bytes with a zero between,
/// so that the index's order is S3's. Bucket names hold no zero.
/// </summary>
internal static class RowKeys
{
    /// <summary>Written objects.</summary>
    public const byte Object = (byte)'o';

    /// <summary>Tombstones.</summary>
    public const byte Tombstone = (byte)'t';

    /// <summary>Buckets.</summary>
    public const byte Bucket = (byte)'b';

    /// <summary>Open uploads.</summary>
    public const byte Upload = (byte)'u';

    /// <summary>Parts of open uploads.</summary>
    public const byte Part = (byte)'p';

    /// <summary>Uploads completed of late.</summary>
    public const byte Completed = (byte)'c';

    /// <summary>Above every byte of UTF-8: behind a prefix it stands after all keys that start so.</summary>
    public const byte AfterAll = 0xFF;

    /// <summary>The counter of writes and deletes.</summary>
    public static readonly byte[] Sequence = "m-sequence"u8.ToArray();

    /// <summary>There once the index is whole: one whose building was interrupted lacks it.</summary>
    public static readonly byte[] Complete = "m-complete"u8.ToArray();

    /// <summary>A row about a key.</summary>
    public static byte[] OfKey(byte kind, string bucket, string key, ReadOnlySpan<byte> behind = default)
    {
        var bucketLength = Encoding.UTF8.GetByteCount(bucket);
        var row = new byte[2 + bucketLength + Encoding.UTF8.GetByteCount(key) + behind.Length];
        row[0] = kind;
        Encoding.UTF8.GetBytes(bucket, row.AsSpan(1));
        Encoding.UTF8.GetBytes(key, row.AsSpan(2 + bucketLength));
        behind.CopyTo(row.AsSpan(row.Length - behind.Length));
        return row;
    }

    /// <summary>A row about a bucket.</summary>
    public static byte[] OfBucket(string bucket) => [Bucket, .. Encoding.UTF8.GetBytes(bucket)];

    /// <summary>An open upload's row: those of one key in the order they were started, since ids start with the time.</summary>
    public static byte[] OfUpload(string bucket, string key, string uploadId) =>
        OfKey(Upload, bucket, key, [0, .. Encoding.ASCII.GetBytes(uploadId)]);

    /// <summary>A part's row.</summary>
    public static byte[] OfPart(string uploadId, int number)
    {
        var row = new byte[1 + uploadId.Length + 2];
        row[0] = Part;
        Encoding.ASCII.GetBytes(uploadId, row.AsSpan(1));
        BinaryPrimitives.WriteUInt16BigEndian(row.AsSpan(1 + uploadId.Length), (ushort)number);
        return row;
    }

    /// <summary>What the rows of an upload's parts start with.</summary>
    public static byte[] OfParts(string uploadId) => [Part, .. Encoding.ASCII.GetBytes(uploadId)];

    /// <summary>A completed upload's row.</summary>
    public static byte[] OfCompleted(string uploadId) => [Completed, .. Encoding.ASCII.GetBytes(uploadId)];

    /// <summary>The key in a row about a key, given the length of what stands before it.</summary>
    public static string KeyOf(ReadOnlySpan<byte> row, int start) => Encoding.UTF8.GetString(row[start..]);
}
