using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>
/// The files of cache entries: by random number, in 256 folders, so that no folder grows large and no key becomes a path.
/// </summary>
/// <param name="root">The folder, with the database beside the files.</param>
/// <param name="disk">The disk.</param>
/// <param name="logger">Gets failures.</param>
internal sealed class CacheFolder(string root, StoreDisk disk, ILogger logger)
{
    private const string Extension = ".held";

    /// <summary>The database of the entries.</summary>
    public string Database => Path.Combine(root, "cache.db");

    /// <summary>Locked by the owning process.</summary>
    public string Lock => Path.Combine(root, "LOCK");

    private string Files => Path.Combine(root, "files");

    public static UInt128 NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt128LittleEndian(bytes);
    }

    public static string NameOf(UInt128 id) => id.ToString("x32", CultureInfo.InvariantCulture) + Extension;

    /// <summary>Deletes what earlier versions had in place of the database.</summary>
    public void DeleteOldIndexes()
    {
        foreach (var index in (string[])[Path.Combine(root, "index"), Path.Combine(root, "index-2")])
        {
            if (Directory.Exists(index))
            {
                Directory.Delete(index, recursive: true);
            }
        }
    }

    /// <summary>Creates the folder and takes its lock.</summary>
    /// <returns>The open lock file. The system releases the lock however the process ends.</returns>
    /// <exception cref="FolderInUseException">Another process has it.</exception>
    public FileStream TakeLock()
    {
        Directory.CreateDirectory(root);
        try
        {
            return new FileStream(Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure) when (!StoreDisk.IsFull(failure))
        {
            throw new FolderInUseException(root);
        }
    }

    /// <summary>Creates the file of an entry.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="header">Its header.</param>
    /// <param name="whole">All bytes of an entry of one block; null for an empty entry.</param>
    /// <param name="checksum">The block's entry in the table.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    public CacheFile Create(UInt128 id, CacheFileHeader header, byte[]? whole = null, uint checksum = 0)
    {
        var path = PathOf(id);
        try
        {
            return CacheFile.Create(disk, path, header, whole, checksum, logger);
        }
        catch (DirectoryNotFoundException)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return CacheFile.Create(disk, path, header, whole, checksum, logger);
        }
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">It does not exist, or the disk failed.</exception>
    /// <exception cref="InvalidDataException">Its header is damaged.</exception>
    public CacheFile Open(UInt128 id) => CacheFile.Open(PathOf(id), logger);

    public bool Has(UInt128 id) => File.Exists(PathOf(id));

    /// <summary>Deletes a file. One that cannot be deleted is removed by the sweep after the next start, since no row names it.</summary>
    public void Delete(UInt128 id)
    {
        try
        {
            File.Delete(PathOf(id));
        }
        catch (DirectoryNotFoundException)
        {
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.CacheCleaningFailed(logger, failure);
        }
    }

    /// <summary>All entries' files.</summary>
    public IEnumerable<(UInt128 Id, string Path)> Enumerate()
    {
        if (!Directory.Exists(Files))
        {
            yield break;
        }

        foreach (var path in Directory.EnumerateFiles(Files, "*" + Extension, SearchOption.AllDirectories))
        {
            if (UInt128.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
                out var id))
            {
                yield return (id, path);
            }
        }
    }

    private string PathOf(UInt128 id)
    {
        var name = NameOf(id);
        return Path.Combine(Files, name[..2], name);
    }
}

/// <summary>Another process uses the folder.</summary>
public sealed class FolderInUseException(string folder) : IOException($"'{folder}' is in use by another process.");
