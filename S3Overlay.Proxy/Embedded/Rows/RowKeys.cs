using System.Buffers.Binary;
using System.Text;

using S3Overlay.Proxy.Embedded.Index;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>
/// The index's ordered key space. The first byte is the row's kind. Bucket and key are UTF-8 with a zero byte between, so the index's order
/// is S3's. Bucket names contain no zero.
/// </summary>
internal static class RowKeys
{
    public const byte Object = (byte)'o';

    public const byte Tombstone = (byte)'t';

    public const byte Bucket = (byte)'b';

    public const byte Upload = (byte)'u';

    public const byte Part = (byte)'p';

    /// <summary>Recently completed uploads.</summary>
    public const byte Completed = (byte)'c';

    /// <summary>Sorts behind every UTF-8 byte, so a prefix followed by this sorts behind all its keys.</summary>
    public const byte AfterAll = 0xFF;

    /// <summary>The counter of writes and deletes.</summary>
    public static readonly byte[] Sequence = "m-sequence"u8.ToArray();

    /// <summary>Exists once the index is complete; missing if building it was interrupted.</summary>
    public static readonly byte[] Complete = "m-complete"u8.ToArray();

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

    public static byte[] OfBucket(string bucket) => [Bucket, .. Encoding.UTF8.GetBytes(bucket)];

    /// <summary>An open upload's row. Ids start with the time, so uploads of one key are in the order of their creation.</summary>
    public static byte[] OfUpload(string bucket, string key, string uploadId) =>
        OfKey(Upload, bucket, key, [0, .. Encoding.ASCII.GetBytes(uploadId)]);

    public static byte[] OfPart(string uploadId, int number)
    {
        var row = new byte[1 + uploadId.Length + 2];
        row[0] = Part;
        Encoding.ASCII.GetBytes(uploadId, row.AsSpan(1));
        BinaryPrimitives.WriteUInt16BigEndian(row.AsSpan(1 + uploadId.Length), (ushort)number);
        return row;
    }

    /// <summary>The prefix of an upload's part rows.</summary>
    public static byte[] OfParts(string uploadId) => [Part, .. Encoding.ASCII.GetBytes(uploadId)];

    public static byte[] OfCompleted(string uploadId) => [Completed, .. Encoding.ASCII.GetBytes(uploadId)];

    /// <summary>The rows with a prefix, as of the first read.</summary>
    /// <param name="index">The index.</param>
    /// <param name="prefix">The prefix of their keys.</param>
    /// <param name="start">The first key; null for the prefix itself.</param>
    public static IEnumerable<(byte[] Key, byte[] Value)> Scan(this OrderedIndex index, byte[] prefix, byte[]? start = null)
    {
        using var snapshot = index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        for (var found = cursor.Seek(start ?? prefix); found && cursor.Key.StartsWith(prefix); found = cursor.Next())
        {
            yield return (cursor.Key.ToArray(), cursor.Value.ToArray());
        }
    }

    /// <summary>The bucket and key in an object's or tombstone's row.</summary>
    public static (string Bucket, string Key) NameOf(ReadOnlySpan<byte> row)
    {
        var end = row.IndexOf((byte)0);
        return (Encoding.UTF8.GetString(row[1..end]), KeyOf(row, end + 1));
    }

    /// <summary>The key in a row, given the length of what precedes it.</summary>
    public static string KeyOf(ReadOnlySpan<byte> row, int start) => Encoding.UTF8.GetString(row[start..]);
}
