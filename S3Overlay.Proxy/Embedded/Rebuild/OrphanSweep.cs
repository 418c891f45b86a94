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
        StoreFolders folders, StoreDisk disk, StoreRows rows, UploadTable uploads, ulong upTo, ILogger logger,
        CancellationToken cancellationToken)
    {
        var (files, orphans, left) = (0L, 0L, 0L);
        var lost = new LostFolder(folders, disk);
        var manifests = new PartsOfKey(folders);
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

            // Checked twice: a concurrent complete or overwrite moves the name between the two checks, but an old file never gets a new
            // name.
            if (!await IsNamedAsync(found, rows, uploads, manifests) && !rows.HasRemoval(found.Id)
                && !await IsNamedAsync(found, rows, uploads, new PartsOfKey(folders)) && File.Exists(folders.PathOf(found.Id)))
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

    private static async Task<bool> IsNamedAsync(StoredFiles.Found found, StoreRows rows, UploadTable uploads, PartsOfKey manifests)
    {
        var header = found.Header;
        return found.Kind != FileKind.Part
            ? (await rows.FindVersionAsync(header.Bucket, header.Key, header.Sequence))?.File == found.Id
            : await uploads.PartFileAsync(header.UploadId!, header.PartNumber) == found.Id
                || manifests.MayName(found.Id, header.Bucket, header.Key, rows.VersionsOf(header.Bucket, header.Key));
    }
}
