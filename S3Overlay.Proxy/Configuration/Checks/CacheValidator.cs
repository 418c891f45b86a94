using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;

namespace S3Overlay.Proxy.Configuration.Checks;

/// <summary>Checks cache settings against each other: folders, and sizes that leave nothing to cache.</summary>
internal static class CacheValidator
{
    /// <summary>S3 accepts no larger object in one request.</summary>
    private const long LargestPiece = 5L << 30;

    /// <summary>The built-in store's folders in the data folder (docs/storage-format.md).</summary>
    private static readonly string[] StoreFolders = ["objects", "incoming", "buckets", "uploads", "deletes", "index", "aside"];

    public static void Validate(ProxyOptions options, ConfigurationProblems problems)
    {
        if (!options.Cache.IsEnabled || options.Remotes.Count == 0)
        {
            return;
        }

        if (options.Local.Endpoint is null)
        {
            CheckFolder(options.Cache.Directory, options.Local.DataDirectory, problems);
        }
        else
        {
            CheckSpool(options.Cache, options.Local.SpoolMaxBytes, problems);
        }

        CheckSizes(options.Cache, problems);
    }

    /// <summary>The cache folder may be deleted at any time, so it must not contain writes.</summary>
    private static void CheckFolder(string cache, string data, ConfigurationProblems problems)
    {
        if (IsWithin(data, cache) || StoreFolders.Any(folder => IsWithin(cache, Path.Combine(data, folder))))
        {
            problems.Error(
                Settings.CacheDirectory.Name, cache,
                $"contains writes ({Settings.DataDirectory.Name} is {data}), but the cache folder may be deleted at any time. "
                + $"Set it to a folder of its own, such as {Path.Combine(data, "cache")}.");
        }
    }

    private static bool IsWithin(string path, string folder) =>
        Path.GetRelativePath(folder, path) is var way && way != ".." && !way
            .StartsWith(".." + Path.DirectorySeparatorChar, StringComparison.Ordinal) && !Path.IsPathRooted(way);

    private static void CheckSpool(CacheOptions cache, long room, ConfigurationProblems problems)
    {
        if (cache.ChunkThreshold > LargestPiece)
        {
            problems.Error(
                Settings.ChunkThreshold.Name, ByteSize.Format(cache.ChunkThreshold),
                "caches objects whole that an S3 endpoint does not accept in one request. Set it to 5GiB at most.");
        }

        foreach (var (setting, size) in ((Setting, long)[])[(Settings.ChunkSize, cache.ChunkSize),
            (Settings.ChunkThreshold, cache.ChunkThreshold)])
        {
            if (size > room)
            {
                problems.Warning(
                    Settings.SpoolMaxBytes.Name, ByteSize.Format(room),
                    $"is less than {setting.Name}, {ByteSize.Format(size)}: objects of that size are never cached. Make it larger.");
            }
        }
    }

    private static void CheckSizes(CacheOptions cache, ConfigurationProblems problems)
    {
        if (cache.MaxBytes < cache.ChunkSize)
        {
            problems.Warning(
                Settings.CacheMaxBytes.Name, ByteSize.Format(cache.MaxBytes.Value),
                $"is less than one chunk ({Settings.ChunkSize.Name}), so almost nothing stays cached. Make it larger.");
        }

        if (cache.ReadAheadBytes > 0 && cache.ReadAheadBytes < cache.ChunkSize)
        {
            problems.Warning(
                Settings.ReadAheadBytes.Name, ByteSize.Format(cache.ReadAheadBytes),
                $"is less than one chunk ({Settings.ChunkSize.Name}), so nothing is read ahead. Make it larger, or 0.");
        }
    }
}
