using System.Globalization;
using System.Security.Cryptography;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Embedded.Buckets;
using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
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
    DiskReserve reserve, StoreRows rows, SequenceCounter sequences, BucketTable buckets, ObjectTable objects, ObjectFiles files,
    TimeProvider time)
{
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
        await objects.CommitAsync(Change.OfUpload(upload));
    }

    /// <summary>The open upload, or null.</summary>
    public async ValueTask<UploadRecord?> FindAsync(string bucket, string key, string uploadId) =>
        await FindOfAnyKeyAsync(uploadId) is { } upload && upload.Bucket == bucket && upload.Key == key ? upload : null;

    /// <summary>
    /// True if an id may be of an upload of a key, even one that has ended: a client that aborts uploads while listing them continues after
    /// one it just aborted. False for a malformed id, and for the id of another key's open upload.
    /// </summary>
    public async ValueTask<bool> MayBeOfAsync(string bucket, string key, string uploadId) =>
        IsId(uploadId) && (await FindOfAnyKeyAsync(uploadId) is not { } upload || (upload.Bucket == bucket && upload.Key == key));

    /// <summary>The open upload.</summary>
    /// <exception cref="S3Exception">NoSuchUpload.</exception>
    public async ValueTask<UploadRecord> RequireAsync(string bucket, string key, string uploadId) =>
        await FindAsync(bucket, key, uploadId) ?? throw new S3Exception(S3Errors.NoSuchUpload) { Details = [new("UploadId", uploadId)] };

    /// <summary>A completed upload, or null.</summary>
    public async ValueTask<CompletedRow?> FindCompletedAsync(string uploadId) =>
        IsId(uploadId) && await rows.FindCompletedAsync(uploadId) is { } row
            && row.Completed + CompletedRow.Life > time.GetUtcNow()
            ? row
            : null;

    /// <summary>The first <paramref name="limit"/> parts of an upload after number <paramref name="after"/>, in order.</summary>
    public ValueTask<List<PartRow>> PartsAsync(string uploadId, int after = 0, int limit = int.MaxValue) =>
        rows.ListPartsAsync(uploadId, after, limit);

    /// <summary>
    /// The open uploads of a bucket by key, and those of one key in the order of their creation; rolled up by the delimiter.
    /// </summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">The prefix of the keys.</param>
    /// <param name="delimiter">Rolls keys up; empty for none.</param>
    /// <param name="after">The last row shown.</param>
    /// <param name="afterId">The last upload id shown of that key; empty: all of them.</param>
    /// <param name="limit">Maximum number of rows.</param>
    public Task<List<(string Name, UploadRecord? Upload)>> ListAsync(
        string bucket, string prefix, string delimiter, ListingPosition after, string afterId, int limit) =>
        Task.Run(() => rows.ListUploads(bucket, new ListingQuery(prefix, delimiter, after, limit), after, afterId));

    public async ValueTask<FileId?> PartFileAsync(string uploadId, int number) => (await rows.FindPartAsync(uploadId, number))?.File;

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
            await RequireAsync(upload.Bucket, upload.Key, upload.UploadId);
            old = await rows.FindPartAsync(upload.UploadId, header.PartNumber);
            header = header with
            {
                Sequence = await sequences.NextAsync(),
                Info = header.Info with { LastModified = HttpDates.WholeSeconds(time.GetUtcNow()) },
            };
            row = new PartRow(header.PartNumber, file.Id, header.Sequence, header.Info);
            await objects.SealAsync(file, header, [Change.OfPart(upload.UploadId, row)]);
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

    /// <summary>
    /// Turns the chosen parts into the object, in one commit. The caller has the upload's lock. The <paramref name="key"/> of an encrypted
    /// upload seals the list of parts.
    /// </summary>
    public async Task<ObjectRow> CompleteAsync(
        UploadRecord upload, IReadOnlyList<PartRow> all, FileHeader manifest, DataKey? key, WriteConditions? conditions,
        CancellationToken cancellationToken)
    {
        await using var file = await objects.NewFileAsync(FileKind.Manifest, 0, manifest, wantsMd5: false, key: key);
        await file.FillAsync(Protocol.Bodies.S3Body.Empty, cancellationToken);
        if (key is not null)
        {
            manifest = manifest with { Seal = key.Seal(file.Id, upload.Bucket, upload.Key, manifest.Parts) };
        }

        var used = manifest.Parts.Select(static part => part.File).ToHashSet();
        var unused = all.Where(part => !used.Contains(part.File)).ToList();
        var row = await objects.CommitAsync(file, manifest, conditions,
            row =>
            [
                .. unused.Select(static part => Change.OfRemoval(part.File)),
                Change.OfUploadEnd(upload.UploadId),
                Change.OfCompleted(upload.UploadId, new CompletedRow(
                    upload.Bucket, upload.Key, time.GetUtcNow(), manifest.PartsFingerprint!, manifest.Info, row.VersionId)),
            ],
            cancellationToken);
        Remove(unused);
        return row;
    }

    /// <summary>Aborts an upload with all its parts.</summary>
    /// <exception cref="S3Exception">NoSuchUpload, InsufficientStorage, InternalError.</exception>
    public async Task AbortAsync(string bucket, string key, string uploadId, CancellationToken cancellationToken)
    {
        await RequireAsync(bucket, key, uploadId);
        using var locked = await TakeAsync(uploadId, cancellationToken);
        await RequireAsync(bucket, key, uploadId);
        var parts = await PartsAsync(uploadId);
        await reserve.UseAsync(() => objects.CommitAsync(
            [.. parts.Select(static part => Change.OfRemoval(part.File)), Change.OfUploadEnd(uploadId)]));
        Remove(parts);
    }

    public async ValueTask<List<UploadRecord>> OfAsync(string bucket) =>
        (await Task.Run(rows.ListUploads)).FindAll(upload => upload.Bucket == bucket);

    /// <summary>Aborts the uploads of a deleted bucket. What cannot be aborted now is at the next start.</summary>
    public async Task AbortAllAsync(IReadOnlyList<UploadRecord> uploads)
    {
        foreach (var upload in uploads)
        {
            try
            {
                await AbortAsync(upload.Bucket, upload.Key, upload.UploadId, CancellationToken.None);
            }
            catch (S3Exception)
            {
                // Another request has ended it, or the disk fails.
            }
        }
    }

    /// <summary>Aborts the uploads of buckets that are gone: the last process was killed while it deleted one.</summary>
    public Task AbortStrayAsync() =>
        AbortAllAsync(rows.ListUploads().FindAll(upload => buckets.Find(upload.Bucket) is not { Exists: true }));

    /// <summary>Removes old completed uploads.</summary>
    public async Task ForgetCompletedAsync()
    {
        while (rows.ListCompleted(time.GetUtcNow() - CompletedRow.Life) is { Count: > 0 } over)
        {
            await objects.CommitAsync([.. over.Select(static id => Change.OfCompleted(id, null))]);
        }
    }

    private void Remove(List<PartRow> parts) => parts.ForEach(part => files.Remove(part.File));

    private async ValueTask<UploadRecord?> FindOfAnyKeyAsync(string uploadId) =>
        IsId(uploadId) ? await rows.FindUploadAsync(uploadId) : null;

    /// <summary>True if a text could be an id of this store.</summary>
    private static bool IsId(string uploadId) => uploadId.Length == 32 && !uploadId.AsSpan().ContainsAnyExcept("0123456789abcdef");
}
