using S3Overlay.Proxy.Embedded.Buckets;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Embedded.Uploads;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>
/// Makes the index agree with the records of buckets and uploads after a crash or a failing disk. A bucket's record, which is written
/// first, decides. An upload is open while it has a row, a record and a bucket: a new one gets its row last, and one that ends may lose any
/// of them first.
/// </summary>
internal static class RecordReplay
{
    /// <summary>Applies the differences. Must run before the index's buckets are read.</summary>
    public static async Task ApplyAsync(StoreFolders folders, StoreDisk disk, DirtyFlag dirty, OrderedIndex index, ILogger logger)
    {
        var batch = new IndexBatch();
        var buckets = FindBuckets(folders, index, batch, logger);
        await FindUploadsAsync(folders, disk, dirty, index, batch, buckets);
        await index.FollowAsync(batch);
    }

    /// <returns>For each bucket with a record or a row: true if it exists.</returns>
    private static Dictionary<string, bool> FindBuckets(StoreFolders folders, OrderedIndex index, IndexBatch batch, ILogger logger)
    {
        var buckets = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (var record in StoredFiles.Records(folders.Buckets, FileKind.Bucket, logger))
        {
            // A bucket whose delete was refused may have received objects since, although its record says deleted: better one bucket too
            // many than lost objects.
            var read = BucketRecord.Read(record);
            var bucket = !read.Exists && HasObjects(index, read.Name) ? read with { Exists = true } : read;
            var (row, value) = (RowKeys.OfBucket(read.Name), bucket.Write());
            if (!(index.TryGet(row, out var known) && known.AsSpan().SequenceEqual(value.Span)))
            {
                batch.Put(row, value.Span);
            }

            buckets[bucket.Name] = bucket.Exists;
        }

        foreach (var bucket in index.Scan([RowKeys.Bucket]).Select(static row => BucketRecord.Read(row.Value)))
        {
            // An unreadable record still means that the bucket exists, and a lost one is no reason to hide objects.
            if (!File.Exists(folders.BucketPathOf(bucket.Name)) && !HasObjects(index, bucket.Name))
            {
                batch.Delete(RowKeys.OfBucket(bucket.Name));
            }
            else
            {
                buckets.TryAdd(bucket.Name, bucket.Exists);
            }
        }

        return buckets;
    }

    private static bool HasObjects(OrderedIndex index, string bucket) => index.Scan(RowKeys.OfKey(RowKeys.Object, bucket, "")).Any();

    private static async Task FindUploadsAsync(
        StoreFolders folders, StoreDisk disk, DirtyFlag dirty, OrderedIndex index, IndexBatch batch, Dictionary<string, bool> buckets)
    {
        var records = Directory.EnumerateFiles(folders.Uploads).Select(static path => Path.GetFileName(path))
            .ToHashSet(StringComparer.Ordinal);
        foreach (var upload in index.Scan([RowKeys.Upload]).Select(static row => UploadRecord.Read(row.Value)).ToList())
        {
            if (buckets.GetValueOrDefault(upload.Bucket) && records.Remove(upload.UploadId))
            {
                continue;
            }

            batch.Delete(RowKeys.OfUpload(upload.Bucket, upload.Key, upload.UploadId));
            foreach (var (part, _) in index.Scan(RowKeys.OfParts(upload.UploadId)))
            {
                batch.Delete(part);
            }
        }

        if (records.Count == 0)
        {
            return;
        }

        try
        {
            foreach (var left in records)
            {
                disk.Remove(folders.UploadPathOf(left));
            }

            await disk.SyncFolderAsync(folders.Uploads);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            dirty.Set();
        }
    }
}
