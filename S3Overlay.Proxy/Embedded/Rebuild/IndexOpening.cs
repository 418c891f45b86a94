using S3Overlay.Proxy.Embedded.Deletes;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>Opens the index, or builds it if it is missing, damaged or incomplete.</summary>
internal static class IndexOpening
{
    /// <summary>The complete index, consistent with the records of buckets and uploads.</summary>
    public static async Task<OrderedIndex> OpenAsync(
        StoreFolders folders, StoreDisk disk, DirtyFlag dirty, EmbeddedOptions options, bool wasClean, CancellationToken cancellationToken)
    {
        var reason = "missing";
        if (Directory.Exists(folders.IndexFolder))
        {
            OrderedIndex? index = null;
            try
            {
                index = Open(folders, disk, options, wasClean);
                if (index.TryGet(RowKeys.Complete, out _) && !File.Exists(folders.RebuildMark))
                {
                    if (!wasClean)
                    {
                        await RecordReplay.ApplyAsync(folders, disk, dirty, index, options.Logger);
                        await DeleteReplay.ApplyAsync(new DeleteSegments(folders).ReadUnfinished(), index);
                    }

                    return index;
                }

                reason = "not whole";
            }
            catch (IndexDamagedException damage)
            {
                Log.IndexFileDamaged(options.Logger, damage.Message);
                reason = "damaged";
            }
            catch
            {
                await (index?.DisposeAsync() ?? ValueTask.CompletedTask);
                throw;
            }

            await (index?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        if (Directory.EnumerateFiles(folders.Objects, "*", SearchOption.AllDirectories).Any()
            || Directory.EnumerateFiles(folders.Buckets).Any())
        {
            Log.IndexRebuildStarted(options.Logger, folders.IndexFolder, reason);
        }

        await new IndexRebuild(folders, disk, dirty, options).RunAsync(cancellationToken);
        disk.Remove(folders.RebuildMark);
        return Open(folders, disk, options, wasClosed: true);
    }

    private static OrderedIndex Open(StoreFolders folders, StoreDisk disk, EmbeddedOptions options, bool wasClosed) =>
        OrderedIndex.Open(new IndexOptions
    {
        Folder = folders.IndexFolder,
        FlushBytes = options.IndexFlushBytes,
        WasClosed = wasClosed,
        Disk = disk,
        Logger = options.Logger,
    });
}
