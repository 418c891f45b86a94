using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Rebuild;
using S3Overlay.Proxy.Embedded.Rows;

namespace S3Overlay.Proxy.Embedded.Checking;

/// <summary>Takes lost files back, if they are certainly newer than the last write and the last delete of their key.</summary>
/// <param name="folders">The folders.</param>
/// <param name="disk">The disk.</param>
/// <param name="rows">The store's rows.</param>
/// <param name="log">What the log says of deletes.</param>
/// <param name="what">What to repair.</param>
/// <param name="report">Gets what was done.</param>
internal sealed class LostFiles(StoreFolders folders, StoreDisk disk, StoreRows rows, LogContent log, CheckOptions what, CheckReport report)
{
    private readonly LostFolder _lost = new(folders, disk);

    /// <summary>The files that are left.</summary>
    public async Task<IReadOnlyList<LostFile>> ListAsync()
    {
        var files = new List<LostFile>();
        foreach (var id in _lost.List())
        {
            var header = StoredFiles.TryReadHeader(_lost.PathOf(id));
            files.Add(header is null
                ? new LostFile(id.ToString(), null, null, 0, null, "unreadable")
                : new LostFile(id.ToString(), header.Bucket, header.Key, header.Info.Size, header.Info.LastModified,
                    await WhyNotAsync(id, header)));
        }

        return files;
    }

    /// <summary>Takes back what can be taken back: the newest file of each key.</summary>
    public async Task TakeBackAsync()
    {
        if (!what.MustRepair && !what.MustAdopt)
        {
            return;
        }

        var newest = new Dictionary<(string, string, string?), (FileId Id, FileHeader Header)>();
        foreach (var id in _lost.List())
        {
            if (StoredFiles.TryReadHeader(_lost.PathOf(id)) is { PartNumber: 0 } header && await WhyNotAsync(id, header) is Takes
                && !(newest.GetValueOrDefault((header.Bucket, header.Key, header.VersionId)).Header?.Sequence > header.Sequence))
            {
                newest[(header.Bucket, header.Key, header.VersionId)] = (id, header);
            }
        }

        foreach (var (id, header) in newest.Values)
        {
            await TakeBackAsync(id, header);
        }
    }

    private const string Takes = "can be taken back with --repair";

    /// <summary>Why a file stays, or <see cref="Takes"/>.</summary>
    private async Task<string> WhyNotAsync(FileId id, FileHeader header)
    {
        if (header.PartNumber > 0)
        {
            return "a part of an upload or of a replaced object";
        }

        if (header.VersionId is not null || log.HasVersions(header.Bucket))
        {
            var versions = rows.VersionsOf(header.Bucket, header.Key);
            return header.VersionId is null && versions.Exists(row => row.VersionId is null && row.Sequence >= header.Sequence)
                ? "older than the object"
                : log.Removals.Contains(id) || log.IsBuried(header.Bucket, header.Key, header.VersionId, header.Sequence)
                ? "older than a delete of the version"
                : IfKnown(header);
        }

        var name = (header.Bucket, header.Key);
        if (await rows.FindObjectAsync(header.Bucket, header.Key) is { } row && row.Sequence >= header.Sequence)
        {
            return "older than the object";
        }

        if (log.Graves.GetValueOrDefault(name) >= header.Sequence || log.NullGraves.GetValueOrDefault(name) > header.Sequence
            || (await rows.FindTombstoneAsync(header.Bucket, header.Key))?.Sequence >= header.Sequence)
        {
            return "older than a delete of the key";
        }

        return IfKnown(header);
    }

    private string IfKnown(FileHeader header) =>
        what.MustAdopt || (log.Lost.Count == 0 && header.Sequence > log.DeletesKnownFrom) ? Takes
            : "older than the deletes that the log knows: take it back with --adopt if you miss it";

    private async Task TakeBackAsync(FileId id, FileHeader header)
    {
        var parts = header.Parts.Select(static part => part.File).ToList();
        if (!parts.TrueForAll(part => File.Exists(folders.PathOf(part)) || File.Exists(_lost.PathOf(part))))
        {
            report.Add($"The lost file {id} cannot be taken back: some of its parts are missing.", header.Bucket, header.Key);
            return;
        }

        foreach (var file in parts.Append(id).Where(file => File.Exists(_lost.PathOf(file))))
        {
            if (!_lost.TryGiveBack(file))
            {
                report.Add($"The lost file {file} could not be moved.", header.Bucket, header.Key);
                return;
            }

            disk.SyncFolder(folders.FolderOf(file));
        }

        var changes = new List<Change>();
        if (!rows.ListBuckets().Exists(bucket => bucket.Name == header.Bucket && bucket.Exists))
        {
            changes.Add(Change.OfBucket(header.Bucket, new BucketRecord
            {
                Name = header.Bucket,
                Exists = true,
                Created = header.Info.LastModified,
                Region = Protocol.Buckets.AwsHosts.DefaultRegion,
                Versioning = header.VersionId is null ? Versioning.Never : Versioning.Enabled,
            }));
        }

        var row = ObjectRow.Of(id, header);
        changes.Add(header.VersionId is null && !log.HasVersions(header.Bucket) ? Change.OfObject(header.Bucket, header.Key, row)
            : Change.OfVersion(header.Bucket, header.Key, row));
        await rows.CommitAsync([.. changes]);
        report.Did($"The lost object {header.Bucket}/{header.Key} was taken back.");
    }
}
