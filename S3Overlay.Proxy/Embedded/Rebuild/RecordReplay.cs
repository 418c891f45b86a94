using S3Overlay.Proxy.Embedded.Buckets;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Embedded.Uploads;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>
/// Makes the index and the records of buckets and uploads say the same where a crash, or a disk that failed, kept the one from the other. A bucket is what its record says, which is written
/// first. An upload is open as long as it has both a row and a record: a new one gets its row last, one that is over loses either first.
/// </summary>
internal static class RecordReplay
{
    /// <summary>Applies what differs. Nobody may have read the index's buckets yet.</summary>
    public static async Task ApplyAsync(StoreFolders folders, StoreDisk disk, LooseEnds ends, OrderedIndex index, ILogger logger)
    {
        var batch = new IndexBatch();
        FindBuckets(folders, index, batch, logger);
        FindUploads(folders, disk, ends, index, batch);
        await index.FollowAsync(batch);
    }

    private static void FindBuckets(StoreFolders folders, OrderedIndex index, IndexBatch batch, ILogger logger)
    {
        foreach (var record in StoredFiles.Records(folders.Buckets, FileKind.Bucket, logger))
        {
            // A bucket whose deletion was refused, but stands in its record, may have got objects since: better a bucket too many than objects too few.
            var read = BucketRecord.Read(record);
            var bucket = !read.Exists && HasObjects(index, read.Name) ? (read with { Exists = true }).Write().Span : record;
            var row = RowKeys.OfBucket(read.Name);
            if (!(index.TryGet(row, out var known) && known.AsSpan().SequenceEqual(bucket)))
            {
                batch.Put(row, bucket);
            }
        }

        // A record that cannot be read is there all the same; and one that was lost is no reason to hide objects.
        foreach (var bucket in new PrefixScan(index, [RowKeys.Bucket]).Values(static value => BucketRecord.Read(value).Name))
        {
            if (!File.Exists(folders.BucketPathOf(bucket)) && !HasObjects(index, bucket))
            {
                batch.Delete(RowKeys.OfBucket(bucket));
            }
        }
    }

    private static bool HasObjects(OrderedIndex index, string bucket) => new PrefixScan(index, RowKeys.OfKey(RowKeys.Object, bucket, "")).Any();

    private static void FindUploads(StoreFolders folders, StoreDisk disk, LooseEnds ends, OrderedIndex index, IndexBatch batch)
    {
        var records = Directory.EnumerateFiles(folders.Uploads).Select(static path => Path.GetFileName(path)).ToHashSet(StringComparer.Ordinal);
        foreach (var upload in new PrefixScan(index, [RowKeys.Upload]).Values(static value => UploadRecord.Read(value)))
        {
            if (records.Remove(upload.UploadId))
            {
                continue;
            }

            batch.Delete(RowKeys.OfUpload(upload.Bucket, upload.Key, upload.UploadId));
            foreach (var part in new PrefixScan(index, RowKeys.OfParts(upload.UploadId)).Keys(int.MaxValue, static (_, _) => true))
            {
                batch.Delete(part);
            }
        }

        foreach (var left in records)
        {
            if (!disk.Delete(folders.UploadPathOf(left)))
            {
                ends.Note();
            }
        }
    }
}
