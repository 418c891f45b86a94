using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Uploads;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>
/// After a crash, looks in the background for files that nothing names: of writes that were never acknowledged, and of removals that were
/// lost. They take room, and a later rebuild would take the former for objects. They are set aside and not erased: if the index is wrong,
/// they are all that is left of what was written.
/// </summary>
internal static class OrphanSweep
{
    /// <summary>Sets them aside. Files younger than the start of this process are its own, and left alone.</summary>
    /// <returns>Whether none is left.</returns>
    public static async Task<bool> RunAsync(
        StoreFolders folders, StoreDisk disk, AsideFolder aside, ObjectTable objects, UploadTable uploads, ulong upTo, ILogger logger,
        CancellationToken cancellationToken)
    {
        var (files, orphans, left) = (0L, 0L, 0L);
        var manifest = (Id: default(FileId), Parts: (HashSet<FileId>?)[]);
        var touched = new HashSet<string>(StringComparer.Ordinal);
        foreach (var found in StoredFiles.Objects(folders, logger, static () => { }))
        {
            cancellationToken.ThrowIfCancellationRequested();
            files++;
            if (found.Header.Sequence > upTo)
            {
                continue;
            }

            var header = found.Header;
            var row = objects.Find(header.Bucket, header.Key);
            bool isNamed;
            if (found.Kind == FileKind.Part)
            {
                if (row is { PartCount: > 0 } && row.File != manifest.Id)
                {
                    manifest = (row.File, PartsOf(folders, row.File));
                }

                isNamed = uploads.PartFile(header.UploadId!, header.PartNumber) == found.Id
                    || (row is { PartCount: > 0 } && manifest.Parts?.Contains(found.Id) != false);
            }
            else
            {
                isNamed = row?.File == found.Id;
            }

            // Looked at twice: whoever completes or overwrites just now moves the name between the two looks, but no file of before gets a
            // new one.
            if (!isNamed && !IsNamedNow(found, objects, uploads, folders))
            {
                if (!aside.TryTake(found.Id))
                {
                    left++;
                    continue;
                }

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
            Log.OrphansSetAside(logger, orphans, files, aside.Path, folders.Objects);
        }

        return left == 0;
    }

    private static bool IsNamedNow(StoredFiles.Found found, ObjectTable objects, UploadTable uploads, StoreFolders folders)
    {
        var row = objects.Find(found.Header.Bucket, found.Header.Key);
        return row?.File == found.Id
            || (found.Kind == FileKind.Part
                && (uploads.PartFile(found.Header.UploadId!, found.Header.PartNumber) == found.Id
                    || (row is { PartCount: > 0 } && PartsOf(folders, row.File)?.Contains(found.Id) != false)));
    }

    /// <summary>The part files of a manifest; null where it cannot be read, so that nobody takes its parts for orphans.</summary>
    private static HashSet<FileId>? PartsOf(StoreFolders folders, FileId manifest)
    {
        try
        {
            using var file = RecordFile.Open(folders.PathOf(manifest));
            return [.. FileHeader.Read(RecordFile.ReadHeader(file).Header).Parts.Select(static part => part.File)];
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            return null;
        }
    }
}
