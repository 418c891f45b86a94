using System.Globalization;
using System.Security.Cryptography;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Embedded.Buckets;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Uploads;

/// <summary>
/// The open multipart uploads and their parts. Concurrent parts of one upload share its lock; completing and aborting take it exclusively,
/// so a part either belongs to the completed object or is refused.
/// </summary>
internal sealed class UploadTable(
    StoreFolders folders, StoreDisk disk, DirtyFlag dirty, DiskReserve reserve, OrderedIndex index, SequenceCounter sequences,
    BucketTable buckets, ObjectTable objects, ObjectFiles files, TimeProvider time)
{
    /// <summary>Completed uploads removed per commit.</summary>
    private const int ForgottenAtOnce = 1024;

    private readonly NameLocks<string> _locks = new();
    private readonly NameLocks<(string UploadId, int Number)> _partLocks = new();

    /// <summary>An id for a new upload: the time in milliseconds, then 80 random bits.</summary>
    public string NewId() => string.Create(
        CultureInfo.InvariantCulture,
        $"{time.GetUtcNow().ToUnixTimeMilliseconds():x12}{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(10))}");

    /// <summary>Creates an upload. Returns once it survives a power cut.</summary>
    public async Task CreateAsync(UploadRecord upload, CancellationToken cancellationToken)
    {
        using var bucket = await buckets.KeepAsync(upload.Bucket, cancellationToken);
        await reserve.RequireAsync();
        var bytes = upload.Write();
        await StoreDisk.GuardAsync(() =>
            RecordFile.ChangeAsync(folders, disk, dirty, FileKind.Upload, folders.UploadPathOf(upload.UploadId), null, bytes));
        try
        {
            await objects.CommitAsync(new IndexBatch().Put(RowKeys.OfUpload(upload.Bucket, upload.Key, upload.UploadId), bytes.Span));
        }
        catch
        {
            // The client did not receive its id.
            _ = await ForgetAsync(upload.UploadId);
            throw;
        }
    }

    /// <summary>The open upload, or null.</summary>
    public UploadRecord? Find(string bucket, string key, string uploadId) =>
        IsId(uploadId) && index.TryGet(RowKeys.OfUpload(bucket, key, uploadId), out var value) ? UploadRecord.Read(value) : null;

    /// <summary>
    /// True if an id may be of an upload of a key, even one that has ended: a client that aborts uploads while listing them continues after
    /// one it just aborted. False for a malformed id, and for the id of another key's open upload.
    /// </summary>
    public bool MayBeOf(string bucket, string key, string uploadId) =>
        IsId(uploadId) && (Find(bucket, key, uploadId) is not null || !File.Exists(folders.UploadPathOf(uploadId)));

    /// <summary>The open upload.</summary>
    /// <exception cref="S3Exception">NoSuchUpload.</exception>
    public UploadRecord Require(string bucket, string key, string uploadId) =>
        Find(bucket, key, uploadId) ?? throw new S3Exception(S3Errors.NoSuchUpload) { Details = [new("UploadId", uploadId)] };

    /// <summary>A completed upload, or null.</summary>
    public CompletedRow? FindCompleted(string uploadId) =>
        IsId(uploadId) && index.TryGet(RowKeys.OfCompleted(uploadId), out var value)
            && CompletedRow.Read(value) is var row && row.Completed + CompletedRow.Life > time.GetUtcNow()
            ? row
            : null;

    /// <summary>The first <paramref name="limit"/> parts of an upload after number <paramref name="after"/>, in order.</summary>
    public List<PartRow> Parts(string uploadId, int after = 0, int limit = int.MaxValue) =>
    [
        .. index.Scan(RowKeys.OfParts(uploadId), RowKeys.OfPart(uploadId, after + 1)).Take(limit)
            .Select(static row => PartRow.Read(row.Value)),
    ];

    /// <summary>
    /// The open uploads of a bucket by key, and those of one key in the order of their creation; rolled up by the delimiter.
    /// </summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">The prefix of the keys.</param>
    /// <param name="delimiter">Rolls keys up; empty for none.</param>
    /// <param name="after">The last row shown.</param>
    /// <param name="afterId">The last upload id shown of that key; empty: all of them.</param>
    /// <param name="limit">Maximum number of rows.</param>
    public List<(string Name, UploadRecord? Upload)> List(
        string bucket, string prefix, string delimiter, ListingPosition after, string afterId, int limit)
    {
        var query = new ListingQuery(prefix, delimiter, after, limit);
        var rows = new List<(string, UploadRecord?)>();
        var rowPrefix = RowKeys.OfKey(RowKeys.Upload, bucket, prefix);
        using var snapshot = index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        var found = Start(bucket, after, afterId) is var start && start.AsSpan().SequenceCompareTo(rowPrefix) > 0 ? cursor.Seek(start)
            : cursor.Seek(rowPrefix);
        while (found && rows.Count < limit && cursor.Key.StartsWith(rowPrefix))
        {
            var upload = UploadRecord.Read(cursor.Value);
            if (query.CommonPrefixOf(upload.Key) is { } common)
            {
                rows.Add((common, null));
                found = cursor.Seek(RowKeys.OfKey(RowKeys.Upload, bucket, common, [RowKeys.AfterAll]));
            }
            else
            {
                rows.Add((upload.Key, upload));
                found = cursor.Next();
            }
        }

        return rows;
    }

    /// <summary>The row after everything shown. A marker within a folder leaves the rest of that folder to be listed.</summary>
    private static byte[] Start(string bucket, ListingPosition after, string afterId) =>
        after.Name.Length == 0 ? []
            : after.IsPrefix ? RowKeys.OfKey(RowKeys.Upload, bucket, after.Name, [RowKeys.AfterAll])
            : afterId.Length == 0 ? RowKeys.OfKey(RowKeys.Upload, bucket, after.Name, [0, RowKeys.AfterAll])
            : [.. RowKeys.OfUpload(bucket, after.Name, afterId), 0];

    public FileId? PartFile(string uploadId, int number) =>
        index.TryGet(RowKeys.OfPart(uploadId, number), out var value) ? PartRow.Read(value).File : null;

    /// <summary>Adds a filled file as a part and replaces an earlier one of that number.</summary>
    public async Task<PartRow> CommitPartAsync(
        UploadRecord upload, ObjectFileWriter file, FileHeader header, CancellationToken cancellationToken)
    {
        await file.SettleAsync();
        PartRow? old;
        PartRow row;
        using (await _locks.ShareAsync(upload.UploadId, cancellationToken))
        using (await _partLocks.TakeAsync((upload.UploadId, header.PartNumber), cancellationToken))
        {
            Require(upload.Bucket, upload.Key, upload.UploadId);
            var rowKey = RowKeys.OfPart(upload.UploadId, header.PartNumber);
            old = index.TryGet(rowKey, out var value) ? PartRow.Read(value) : null;
            header = header with
            {
                Sequence = await sequences.NextAsync(),
                Info = header.Info with { LastModified = HttpDates.WholeSeconds(time.GetUtcNow()) },
            };
            row = new PartRow(header.PartNumber, file.Id, header.Sequence, header.Info);
            await objects.SealAsync(file, header, new IndexBatch().Put(rowKey, row.Write()));
        }

        if (old is not null)
        {
            files.Remove(old.File);
        }

        return row;
    }

    /// <summary>Takes an upload's lock exclusively, for completing it.</summary>
    public async ValueTask<IDisposable> TakeAsync(string uploadId, CancellationToken cancellationToken) =>
        await _locks.TakeAsync(uploadId, cancellationToken);

    /// <summary>Turns the chosen parts into the object, in one commit. The caller has the upload's lock.</summary>
    public async Task<ObjectRow> CompleteAsync(
        UploadRecord upload, IReadOnlyList<PartRow> all, FileHeader manifest, WriteConditions? conditions,
        CancellationToken cancellationToken)
    {
        await using var file = await objects.NewFileAsync(FileKind.Manifest, 0, manifest, wantsMd5: false);
        await file.FillAsync(Protocol.Bodies.S3Body.Empty, cancellationToken);
        var completed = new CompletedRow(upload.Bucket, upload.Key, time.GetUtcNow(), manifest.PartsFingerprint!, manifest.Info);
        var row = await objects.CommitAsync(
            file,
            manifest,
            conditions,
            batch =>
            {
                batch.Delete(RowKeys.OfUpload(upload.Bucket, upload.Key, upload.UploadId));
                foreach (var part in all)
                {
                    batch.Delete(RowKeys.OfPart(upload.UploadId, part.Number));
                }

                batch.Put(RowKeys.OfCompleted(upload.UploadId), completed.Write());
            },
            cancellationToken);

        // The record is deleted durably before the response: a rebuild must not find the upload open after its object was deleted. The
        // object exists, so nothing can be refused any more.
        _ = await ForgetAsync(upload.UploadId);
        var used = manifest.Parts.Select(static part => part.File).ToHashSet();
        foreach (var part in all.Where(part => !used.Contains(part.File)))
        {
            files.Remove(part.File);
        }

        return row;
    }

    /// <summary>Aborts an upload with all its parts.</summary>
    /// <exception cref="S3Exception">NoSuchUpload, InsufficientStorage, InternalError.</exception>
    public async Task AbortAsync(string bucket, string key, string uploadId, CancellationToken cancellationToken)
    {
        Require(bucket, key, uploadId);
        await objects.CatchUpAsync();
        await AbortAsync(bucket, key, uploadId, mustForget: true, cancellationToken);
    }

    private async Task AbortAsync(string bucket, string key, string uploadId, bool mustForget, CancellationToken cancellationToken)
    {
        Require(bucket, key, uploadId);
        List<PartRow> parts;
        bool isOver;
        using (await TakeAsync(uploadId, cancellationToken))
        {
            Require(bucket, key, uploadId);
            parts = Parts(uploadId);
            var failure = await ForgetAsync(uploadId);
            if (mustForget && failure is not null && File.Exists(folders.UploadPathOf(uploadId)))
            {
                throw StoreDisk.ToS3(failure);
            }

            isOver = failure is null;
            var batch = new IndexBatch().Delete(RowKeys.OfUpload(bucket, key, uploadId));
            foreach (var part in parts)
            {
                batch.Delete(RowKeys.OfPart(uploadId, part.Number));
            }

            isOver |= await index.FollowAsync(batch);
        }

        if (!isOver || index.IsInDoubt)
        {
            // After a power cut now, record and rows may both come back, or a refused completion may turn out to have happened: then its
            // parts must exist.
            dirty.Set();
            return;
        }

        foreach (var part in parts)
        {
            files.Remove(part.File);
        }
    }

    /// <summary>
    /// Deletes an upload's record. Once it is gone the upload has ended, durably or not: if the record comes back it has no row, and the
    /// next start deletes it. Refusing the abort now would lose parts that are acknowledged later.
    /// </summary>
    /// <returns>What failed; null if it is gone for good.</returns>
    private async Task<Exception?> ForgetAsync(string uploadId)
    {
        try
        {
            await RecordFile.DeleteAsync(disk, folders.UploadPathOf(uploadId));
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            dirty.Set();
            return failure;
        }
    }

    public List<UploadRecord> Of(string bucket) =>
        [.. index.Scan(RowKeys.OfKey(RowKeys.Upload, bucket, "")).Select(static row => UploadRecord.Read(row.Value))];

    /// <summary>Aborts the uploads of a deleted bucket. If a record cannot be deleted, the next start finds it without rows.</summary>
    public async Task AbortAllAsync(IReadOnlyList<UploadRecord> uploads)
    {
        foreach (var upload in uploads)
        {
            try
            {
                await AbortAsync(upload.Bucket, upload.Key, upload.UploadId, mustForget: false, CancellationToken.None);
            }
            catch (S3Exception gone) when (gone.Error == S3Errors.NoSuchUpload)
            {
            }
        }
    }

    /// <summary>Removes old completed uploads.</summary>
    public async Task ForgetCompletedAsync()
    {
        var now = time.GetUtcNow();
        while (index.Scan([RowKeys.Completed]).Where(row => CompletedRow.Read(row.Value).Completed + CompletedRow.Life <= now)
            .Take(ForgottenAtOnce).ToList() is { Count: > 0 } over)
        {
            await objects.CommitAsync(over.Aggregate(new IndexBatch(), static (batch, row) => batch.Delete(row.Key)));
        }
    }

    /// <summary>True if a text could be an id of this store, which becomes part of a file name.</summary>
    private static bool IsId(string uploadId) => uploadId.Length == 32 && !uploadId.AsSpan().ContainsAnyExcept("0123456789abcdef");
}
