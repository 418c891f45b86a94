namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>Ensures that one process owns the data folder: two writers would each trust their own index.</summary>
internal sealed class OwnerLock : IDisposable
{
    private readonly FileStream _file;

    private OwnerLock(FileStream file) => _file = file;

    /// <summary>Takes the lock. The system releases it when the process ends, however it ends.</summary>
    /// <exception cref="StoreUnavailableException">Another process has it, or the folder cannot be written.</exception>
    public static OwnerLock Take(StoreFolders folders)
    {
        try
        {
            return new OwnerLock(new FileStream(folders.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException failure) when (!StoreDisk.IsFull(failure))
        {
            throw new StoreUnavailableException(
                $"The data folder {folders.Root} is in use by another process. "
                + "Stop that process, or use another folder (S3_OVERLAY_DATA_DIR).",
                failure);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new StoreUnavailableException($"The data folder {folders.Root} cannot be written (S3_OVERLAY_DATA_DIR).", failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
