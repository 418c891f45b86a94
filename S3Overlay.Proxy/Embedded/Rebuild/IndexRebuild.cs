using S3Overlay.Proxy.Embedded.Buckets;
using S3Overlay.Proxy.Embedded.Deletes;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Embedded.Uploads;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>
/// Builds the index from the self-describing files. Of several files of one key the highest number wins, unless the delete log has a higher
/// one. If interrupted, it starts over: the row that marks the index complete is written last.
/// </summary>
internal sealed class IndexRebuild(StoreFolders folders, StoreDisk disk, DirtyFlag dirty, EmbeddedOptions options)
{
    private const int ProgressEvery = 100_000;

    private readonly Dictionary<(string Bucket, string Key), ulong> _graves = [];
    private readonly Dictionary<(string Bucket, string Key), ulong> _tombstones = [];
    private readonly Dictionary<FileId, DeleteRecord> _tags = [];
    private readonly Dictionary<string, BucketRecord> _buckets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, UploadRecord> _uploads = new(StringComparer.Ordinal);
    private readonly List<FileId> _partFiles = [];

    /// <summary>Files that were replaced or deleted: there is a newer file of their key or part, or a grave.</summary>
    private readonly List<FileId> _orphans = [];

    /// <summary>Parts that neither an object nor an upload names. The file that named them may be damaged.</summary>
    private readonly List<FileId> _strangers = [];

    /// <summary>Orphans that are older than a grave of their key, and not known to be gone.</summary>
    private readonly List<(FileId File, string Bucket, string Key)> _buried = [];
    private readonly DeleteSegments _segments = new(folders);
    private RebuildTarget _target = null!;
    private ulong _highest;
    private long _files;
    private long _unreadable;
    private long _parts;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (Directory.Exists(folders.IndexFolder))
        {
            Directory.Delete(folders.IndexFolder, recursive: true);
        }

        ReadRecords();
        await using (_target = new RebuildTarget(folders.IndexFolder))
        {
            foreach (var found in StoredFiles.Objects(folders, options.Logger, () => _unreadable++))
            {
                cancellationToken.ThrowIfCancellationRequested();
                await TakeAsync(found);
            }

            await _target.FlushAsync();
            EndUploads();
            await TakePartsAsync(cancellationToken);
            await WriteRecordsAsync();
        }

        await RemoveOrphansAsync();
        var old = _segments.List();
        await _segments.ReplaceAsync(disk, old, _segments.PathOf(old.Count == 0 ? 1 : DeleteSegments.NumberOf(old[^1]) + 1),
            RemainingDeletes());
        await FinishAsync();
        if (_files > 0)
        {
            Log.IndexRebuildFinished(options.Logger, _target.Objects, _parts, _unreadable, _orphans.Count);
        }
    }

    private void ReadRecords()
    {
        foreach (var bytes in StoredFiles.Records(folders.Buckets, FileKind.Bucket, options.Logger))
        {
            var record = BucketRecord.Read(bytes);
            _buckets[record.Name] = record;
            _highest = Math.Max(_highest, record.PurgedUpTo);
        }

        foreach (var bytes in StoredFiles.Records(folders.Uploads, FileKind.Upload, options.Logger))
        {
            var upload = UploadRecord.Read(bytes);
            _uploads[upload.UploadId] = upload;
        }

        foreach (var record in DeleteSegments
            .Read(_segments.List(), (segment, position, _) => Log.DeletesLost(options.Logger, segment, position)))
        {
            Take(record);
        }
    }

    private void Take(DeleteRecord record)
    {
        _highest = Math.Max(_highest, record.Sequence);
        var name = (record.Bucket, record.Key);
        switch (record.Kind)
        {
            case DeleteKind.Replaces:
                _graves.Clear();
                _tombstones.Clear();
                _tags.Clear();
                return;
            case DeleteKind.Tags:
                _tags[record.File] = record;
                return;
            case DeleteKind.Tombstone:
                _tombstones[name] = record.Sequence;
                break;
            case DeleteKind.Discard:
                // The tombstone was undeleted, but the object deleted then does not come back, only the remote's.
                _tombstones.Remove(name);
                break;
        }

        _graves[name] = Math.Max(_graves.GetValueOrDefault(name), record.Sequence);
    }

    private async Task TakeAsync(StoredFiles.Found found)
    {
        if (++_files % ProgressEvery == 0)
        {
            Log.IndexRebuildProgress(options.Logger, _files);
        }

        var header = found.Header;
        _highest = Math.Max(_highest, header.Sequence);
        if (found.Kind == FileKind.Part)
        {
            _partFiles.Add(found.Id);
            return;
        }

        if (found.Kind == FileKind.Manifest && header.UploadId is { } uploadId)
        {
            // The upload has ended, whatever became of the object.
            _uploads.Remove(uploadId);
            if (header.PartsFingerprint is { } fingerprint && header.Info.LastModified + CompletedRow.Life > options.Time.GetUtcNow())
            {
                await _target.PutAsync(
                    RowKeys.OfCompleted(uploadId),
                    new CompletedRow(header.Bucket, header.Key, header.Info.LastModified, fingerprint, header.Info).Write());
            }
        }

        if (_graves.GetValueOrDefault((header.Bucket, header.Key)) > header.Sequence)
        {
            _orphans.Add(found.Id);
            _buried.Add((found.Id, header.Bucket, header.Key));
            return;
        }

        var row = ObjectRow.Of(found.Id, header);
        if (_tags.TryGetValue(found.Id, out var tags))
        {
            row = row with { Tags = tags.Tags };
        }

        if (await _target.PutNewestAsync(header.Bucket, header.Key, row) is { } loser)
        {
            _orphans.Add(loser);
        }

        KeepBucket(header.Bucket);
    }

    /// <summary>An object without a bucket means that the bucket's record was lost: better one bucket too many than lost objects.</summary>
    private void KeepBucket(string bucket)
    {
        if (!_buckets.TryGetValue(bucket, out var record) || !record.Exists)
        {
            _buckets[bucket] =
                (record ?? new BucketRecord { Name = bucket, Exists = true, Created = options.Time.GetUtcNow(), Region = options.Region })
                with { Exists = true };
        }
    }

    /// <summary>Uploads of a deleted bucket end. A bucket whose record is unreadable is not deleted.</summary>
    private void EndUploads()
    {
        foreach (var upload in _uploads.Values.ToList())
        {
            if (_buckets.TryGetValue(upload.Bucket, out var bucket) ? bucket.Exists : File.Exists(folders.BucketPathOf(upload.Bucket)))
            {
                KeepBucket(upload.Bucket);
                continue;
            }

            _uploads.Remove(upload.UploadId);
            if (!disk.Delete(folders.UploadPathOf(upload.UploadId)))
            {
                dirty.Set();
            }
        }
    }

    private async Task TakePartsAsync(CancellationToken cancellationToken)
    {
        var manifest = (Id: default(FileId), Parts: (HashSet<FileId>)[]);
        foreach (var id in _partFiles)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var header = FileHeader.ReadFrom(folders.PathOf(id));
            if (_uploads.ContainsKey(header.UploadId!))
            {
                if (await _target
                    .PutNewestPartAsync(header.UploadId!, new PartRow(header.PartNumber, id, header.Sequence, header.Info)) is { } loser)
                {
                    _orphans.Add(loser);
                }

                _parts++;
                continue;
            }

            if (_target.Find(header.Bucket, header.Key) is { PartCount: > 0 } row && row.File != manifest.Id)
            {
                manifest = (row.File, [.. FileHeader.ReadFrom(folders.PathOf(row.File)).Parts.Select(static part => part.File)]);
            }

            if (!manifest.Parts.Contains(id))
            {
                _strangers.Add(id);
            }
        }

        await _target.FlushAsync();
    }

    private async Task WriteRecordsAsync()
    {
        foreach (var bucket in _buckets.Values)
        {
            await _target.PutAsync(RowKeys.OfBucket(bucket.Name), bucket.Write().Span);
            await RecordFile.WriteAsync(folders, disk, FileKind.Bucket, folders.BucketPathOf(bucket.Name), bucket.Write(),
                CancellationToken.None);
        }

        foreach (var upload in _uploads.Values)
        {
            await _target.PutAsync(RowKeys.OfUpload(upload.Bucket, upload.Key, upload.UploadId), upload.Write().Span);
        }

        foreach (var ((bucket, key), sequence) in _tombstones.Where(Counts))
        {
            await _target.PutAsync(RowKeys.OfKey(RowKeys.Tombstone, bucket, key), SequenceCounter.RowValue(sequence));
        }

        await _target.PutAsync(RowKeys.Sequence, SequenceCounter.RowValue(_highest + SequenceCounter.Reserve));
        await _target.FlushAsync();
    }

    /// <summary>Deleted and synced before the log loses their graves. Files that cannot be deleted keep theirs.</summary>
    private async Task RemoveOrphansAsync()
    {
        var gone = new HashSet<FileId>();
        foreach (var orphan in _orphans)
        {
            if (disk.Delete(folders.PathOf(orphan)))
            {
                gone.Add(orphan);
            }
            else
            {
                dirty.Set();
            }
        }

        _buried.RemoveAll(buried => gone.Contains(buried.File));
        var aside = new AsideFolder(folders, disk, options.Time.GetUtcNow());
        foreach (var stranger in _strangers)
        {
            if (!aside.TryTake(stranger))
            {
                dirty.Set();
            }
        }

        if (_strangers.Count > 0)
        {
            Log.OrphansSetAside(options.Logger, _strangers.Count, _files, aside.Path, folders.Objects);
        }

        foreach (var folder in _orphans.Concat(_strangers).Select(folders.FolderOf).Distinct(StringComparer.Ordinal))
        {
            await disk.SyncFolderAsync(folder);
        }
    }

    private IEnumerable<DeleteRecord> RemainingDeletes()
    {
        foreach (var entry in _tombstones.Where(Counts))
        {
            yield return new DeleteRecord(DeleteKind.Tombstone, entry.Value, entry.Key.Bucket, entry.Key.Key, default);
        }

        foreach (var (_, bucket, key) in _buried)
        {
            yield return new DeleteRecord(DeleteKind.Grave, _graves[(bucket, key)], bucket, key, default);
        }

        var orphans = _orphans.ToHashSet();
        foreach (var tags in _tags.Values.Where(tags => !orphans.Contains(tags.File) && File.Exists(folders.PathOf(tags.File))))
        {
            yield return tags;
        }
    }

    private bool Counts(KeyValuePair<(string Bucket, string Key), ulong> tombstone) =>
        tombstone.Value >= (_buckets.GetValueOrDefault(tombstone.Key.Bucket)?.PurgedUpTo ?? 0);

    /// <summary>Everything was written without syncs; syncs it now, then marks the index complete.</summary>
    private async Task FinishAsync()
    {
        foreach (var path in Directory.EnumerateFiles(folders.IndexFolder, "*", SearchOption.AllDirectories))
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            disk.Sync(file);
        }

        await disk.SyncFolderAsync(folders.IndexFolder);
        await using var index = OrderedIndex.Open(new IndexOptions { Folder = folders.IndexFolder, Disk = disk });
        await index.CommitAsync(new IndexBatch().Put(RowKeys.Complete, [1]));
    }
}
