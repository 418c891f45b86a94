using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Embedded.Uploads;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>
/// After a crash, looks in the background for files that no row names, left by unacknowledged writes and lost deletions. They take space,
/// and a later rebuild would take some of them for objects. They are set aside rather than deleted: if the database is wrong, they are all
/// that is left of what was written.
/// </summary>
internal static class OrphanSweep
{
    /// <summary>Sets them aside. Files of this process are left alone.</summary>
    /// <returns>True if none is left.</returns>
    public static async Task<bool> RunAsync(
        StoreFolders folders, StoreDisk disk, StoreRows rows, ObjectTable objects, UploadTable uploads, ulong upTo, ILogger logger,
        CancellationToken cancellationToken)
    {
        var (files, orphans, left) = (0L, 0L, 0L);
        var manifest = (Id: default(FileId), Parts: (HashSet<FileId>?)[]);
        var lost = new LostFolder(folders, disk);
        var touched = new HashSet<string>(StringComparer.Ordinal);
        foreach (var found in StoredFiles.Objects(folders, logger, static _ => { }))
        {
            cancellationToken.ThrowIfCancellationRequested();
            files++;
            if (found.Header.Sequence > upTo)
            {
                continue;
            }

            var header = found.Header;
            var row = await objects.FindAsync(header.Bucket, header.Key);
            bool isNamed;
            if (found.Kind == FileKind.Part)
            {
                if (row is { PartCount: > 0 } && row.File != manifest.Id)
                {
                    manifest = (row.File, PartsOf(folders, row.File));
                }

                isNamed = await uploads.PartFileAsync(header.UploadId!, header.PartNumber) == found.Id
                    || (row is { PartCount: > 0 } && manifest.Parts?.Contains(found.Id) != false);
            }
            else
            {
                isNamed = row?.File == found.Id;
            }

            // Checked twice: a concurrent complete or overwrite moves the name between the two checks, but an old file never gets a new
            // name.
            if (!isNamed && !rows.HasRemoval(found.Id) && !await IsNamedNowAsync(found, objects, uploads, folders)
                && File.Exists(folders.PathOf(found.Id)))
            {
                if (!lost.TryTake(found.Id))
                {
                    left++;
                    continue;
                }

                Log.FileSetAside(logger, found.Id.ToString(), header.Bucket, header.Key, folders.Lost);

                touched.Add(folders.FolderOf(found.Id));
                orphans++;
            }
        }

        foreach (var folder in touched)
        {
            await disk.SyncFolderAsync(folder);
        }

        if (orphans > 0)
        {
            Log.OrphansSetAside(logger, orphans, files, folders.Lost);
        }

        return left == 0;
    }

    private static async Task<bool> IsNamedNowAsync(StoredFiles.Found found, ObjectTable objects, UploadTable uploads, StoreFolders folders)
    {
        var row = await objects.FindAsync(found.Header.Bucket, found.Header.Key);
        return row?.File == found.Id
            || (found.Kind == FileKind.Part
                && (await uploads.PartFileAsync(found.Header.UploadId!, found.Header.PartNumber) == found.Id
                    || (row is { PartCount: > 0 } && PartsOf(folders, row.File)?.Contains(found.Id) != false)));
    }

    /// <summary>A manifest's part files; null if it is unreadable, so that its parts are not taken for orphans.</summary>
    private static HashSet<FileId>? PartsOf(StoreFolders folders, FileId manifest)
    {
        try
        {
            return [.. FileHeader.ReadFrom(folders.PathOf(manifest)).Parts.Select(static part => part.File)];
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            return null;
        }
    }
}
