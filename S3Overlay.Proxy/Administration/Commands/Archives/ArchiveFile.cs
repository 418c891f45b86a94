using S3Overlay.Proxy.Administration.Methods;

namespace S3Overlay.Proxy.Administration.Commands.Archives;

/// <summary>Writes an archive into a file, which appears at its path once it is complete and on disk.</summary>
internal static class ArchiveFile
{
    /// <summary>Saves changes.</summary>
    /// <param name="writer">Writes the archive.</param>
    /// <param name="path">Where to write. A file there is not replaced.</param>
    /// <param name="changes">The changes.</param>
    /// <param name="show">Gets the number of changes saved so far, and of their bytes.</param>
    /// <param name="cancellationToken">Stops. Nothing is left at the path.</param>
    /// <returns>How many were saved, as <see cref="ArchiveWriter.WriteAsync(Stream, IAsyncEnumerable{SavedChange}, Action{SavedChange},
    /// CancellationToken)"/> says.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ProxyRefusal">An object cannot be read.</exception>
    public static async Task<long> WriteAsync(ArchiveWriter writer, string path, IAsyncEnumerable<SavedChange> changes,
        Action<long, long> show, CancellationToken cancellationToken)
    {
        if (File.Exists(path))
        {
            throw new IOException($"{path} exists. Name another file.");
        }

        // Of its own, so that what a killed command left does not block the next.
        var aside = $"{path}.{Guid.NewGuid():n}.partial";
        var (count, bytes, file) = (0L, 0L, new FileStream(aside, Private));
        try
        {
            await using (file)
            {
                await writer.WriteAsync(file, changes, change => show(++count, bytes += change.Size), cancellationToken);
                file.Flush(flushToDisk: true);
            }

            File.Move(aside, path);

            // The revert must not reach the disk before the file's name does: a sync after the rename covers both.
            await using var named = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
            named.Flush(flushToDisk: true);
            return count;
        }
        catch (Exception failure)
        {
            File.Delete(aside);
            if (failure is ArgumentOutOfRangeException)
            {
                // What the runtime makes of EFBIG.
                throw new IOException($"{path} would be larger than the file system or a limit (ulimit -f) allows.", failure);
            }

            throw;
        }
    }

    /// <summary>A new file that only its owner can read: objects may be secret.</summary>
    private static FileStreamOptions Private
    {
        get
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            return options;
        }
    }
}
