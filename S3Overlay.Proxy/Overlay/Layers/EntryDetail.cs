using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>What a list of entries is sorted by, as far as a store knows it without looking at the entry.</summary>
/// <param name="Key">The client's key.</param>
/// <param name="Size">Size of the whole object in bytes.</param>
/// <param name="Bytes">Cached bytes; null if only the entry says.</param>
/// <param name="Used">The last use; null if unknown.</param>
public sealed record EntryUsage(string Key, long Size, long? Bytes, DateTimeOffset? Used);

/// <summary>A cache entry at one moment, for administrators.</summary>
public sealed record EntryDetail
{
    /// <summary>How many ranges are listed: memory stays bounded for an object that is cached in very many pieces.</summary>
    public const int MostRuns = 10_000;

    /// <summary>The client's key.</summary>
    public required string Key { get; init; }

    /// <summary>The remote object it belongs to.</summary>
    public required EntryIdentity Identity { get; init; }

    /// <summary>The version's size, ETag, date and headers.</summary>
    public required ObjectInfo Info { get; init; }

    /// <summary>When the entry was last known to be the remote's current version.</summary>
    public required DateTimeOffset ValidatedAt { get; init; }

    /// <summary>The last read; null if unknown.</summary>
    public DateTimeOffset? Used { get; init; }

    /// <summary>Cached bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Number of chunks of the object; 1 if it is cached whole.</summary>
    public required long Chunks { get; init; }

    /// <summary>Number of chunks that are complete.</summary>
    public required long FullChunks { get; init; }

    /// <summary>The gapless ranges of cached bytes, in order: at most the first <see cref="MostRuns"/>.</summary>
    public required IReadOnlyList<ByteRange> Runs { get; init; }

    /// <summary>True if the whole object is cached.</summary>
    public bool IsWhole => Bytes == Info.Size;

    /// <summary>Reads it off an entry.</summary>
    /// <param name="key">The client's key.</param>
    /// <param name="identity">The remote object.</param>
    /// <param name="info">The version.</param>
    /// <param name="validatedAt">When it was last known to be current.</param>
    /// <param name="firstCached">As <see cref="ICacheEntry.FirstCached"/>.</param>
    public static EntryDetail Of(string key, EntryIdentity identity, ObjectInfo info, DateTimeOffset validatedAt,
        Func<long, ByteRange?> firstCached)
    {
        var size = info.Size;
        var chunk = identity.ChunkSize > 0 ? identity.ChunkSize : Math.Max(1, size);
        var (bytes, full) = (0L, 0L);
        var runs = new List<ByteRange>();
        for (var position = 0L; firstCached(position) is { } run; position = run.Last + 1)
        {
            bytes += run.Length;
            if (runs.Count < MostRuns)
            {
                runs.Add(run);
            }

            var end = run.Last + 1 == size ? ((size - 1) / chunk) + 1 : (run.Last + 1) / chunk;
            full += Math.Max(0, end - ((run.First + chunk - 1) / chunk));
        }

        var chunks = size == 0 ? 1 : ((size - 1) / chunk) + 1;
        return new EntryDetail
        {
            Key = key,
            Identity = identity,
            Info = info,
            ValidatedAt = validatedAt,
            Bytes = bytes,
            Chunks = chunks,
            FullChunks = size == 0 ? 1 : full,
            Runs = runs,
        };
    }
}
