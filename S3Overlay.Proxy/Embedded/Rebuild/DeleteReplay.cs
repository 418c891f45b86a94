using S3Overlay.Proxy.Embedded.Deletes;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>
/// Brings into the index what the log of deletes says and a crash, or a disk that failed, kept from it: the log is written first. A rebuild would find these deletes, and the two must not
/// differ.
/// </summary>
internal static class DeleteReplay
{
    /// <summary>Applies the records that the index does not know yet.</summary>
    public static async Task ApplyAsync(IReadOnlyList<DeleteRecord> records, OrderedIndex index, ObjectTable objects)
    {
        foreach (var record in records)
        {
            var batch = new IndexBatch();
            var row = objects.Find(record.Bucket, record.Key);
            switch (record.Kind)
            {
                case DeleteKind.Grave when row is not null && row.Sequence < record.Sequence:
                    batch.Delete(RowKeys.OfKey(RowKeys.Object, record.Bucket, record.Key));
                    break;
                case DeleteKind.Tombstone
                    when !(index.TryGet(RowKeys.OfKey(RowKeys.Tombstone, record.Bucket, record.Key), out var known) && SequenceCounter.Read(known) >= record.Sequence):
                    batch.Put(RowKeys.OfKey(RowKeys.Tombstone, record.Bucket, record.Key), SequenceCounter.RowValue(record.Sequence));
                    break;
                case DeleteKind.Discard
                    when index.TryGet(RowKeys.OfKey(RowKeys.Tombstone, record.Bucket, record.Key), out var mark) && SequenceCounter.Read(mark) <= record.Sequence:
                    batch.Delete(RowKeys.OfKey(RowKeys.Tombstone, record.Bucket, record.Key));
                    break;
                case DeleteKind.Tags when row is not null && row.File == record.File && row.Tags != record.Tags:
                    batch.Put(RowKeys.OfKey(RowKeys.Object, record.Bucket, record.Key), (row with { Tags = record.Tags }).Write());
                    break;
                default:
                    continue;
            }

            await index.FollowAsync(batch);
        }
    }
}
