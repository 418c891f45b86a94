using System.Buffers.Binary;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>
/// A batch in the journal's format. For each change: the key's length, the value's length (-1: deleted), the key, the value.
/// </summary>
internal static class BatchRecord
{
    public static ReadOnlyMemory<byte> Encode(IndexBatch batch)
    {
        var record = new byte[batch.Changes.Sum(change => 8 + change.Key.Length + (change.Value?.Length ?? 0))];
        var at = record.AsSpan();
        foreach (var (key, value) in batch.Changes)
        {
            BinaryPrimitives.WriteInt32LittleEndian(at, key.Length);
            BinaryPrimitives.WriteInt32LittleEndian(at[4..], value?.Length ?? -1);
            key.CopyTo(at[8..]);
            value.CopyTo(at[(8 + key.Length)..]);
            at = at[(8 + key.Length + (value?.Length ?? 0))..];
        }

        return record;
    }

    public static IEnumerable<MemoryEntry> Decode(ReadOnlyMemory<byte> record)
    {
        while (record.Length > 0)
        {
            var keyLength = BinaryPrimitives.ReadInt32LittleEndian(record.Span);
            var valueLength = BinaryPrimitives.ReadInt32LittleEndian(record.Span[4..]);
            var key = record.Slice(8, keyLength).ToArray();
            yield return new MemoryEntry(key, valueLength < 0 ? null : record.Slice(8 + keyLength, valueLength).ToArray());
            record = record[(8 + keyLength + Math.Max(valueLength, 0))..];
        }
    }
}
