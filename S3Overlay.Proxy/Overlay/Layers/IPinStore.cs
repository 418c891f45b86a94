namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>Keeps pins where the cache can be deleted without them.</summary>
public interface IPinStore
{
    /// <summary>All pins.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    Task<IReadOnlyList<CachePin>> ReadAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Replaces all pins. Returns once the change is durable. Several proxies may change them at once: then <paramref name="change"/> is
    /// called again with what is there.
    /// </summary>
    /// <param name="change">Returns the new pins; the same list for no change. May throw to give up.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The new pins.</returns>
    /// <exception cref="IOException">They cannot be written.</exception>
    Task<IReadOnlyList<CachePin>> ChangeAsync(Func<IReadOnlyList<CachePin>, IReadOnlyList<CachePin>> change,
        CancellationToken cancellationToken);
}

/// <summary>A pinned key, or the pinned keys that start with a prefix: their entries are not evicted to make room.</summary>
/// <param name="Bucket">The client's bucket.</param>
/// <param name="Name">The key or prefix; an empty prefix pins the bucket.</param>
/// <param name="IsPrefix">False for one key.</param>
public sealed record CachePin(string Bucket, string Name, bool IsPrefix)
{
    /// <summary>When it was pinned.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>Size of the objects when they were pinned, in bytes; 0 if the cache had no limit.</summary>
    public long Bytes { get; init; }

    /// <summary>True if the pin is about a key.</summary>
    public bool Has(string bucket, string key) =>
        bucket == Bucket && (IsPrefix ? key.StartsWith(Name, StringComparison.Ordinal) : key == Name);

    /// <summary>True if it is about everything that another pin is about.</summary>
    public bool Covers(CachePin other) => Bucket == other.Bucket && (IsPrefix
        ? other.Name.StartsWith(Name, StringComparison.Ordinal) : !other.IsPrefix && other.Name == Name);

    /// <summary>True if both are about the same key or prefix.</summary>
    public bool IsSameTarget(CachePin other) => Bucket == other.Bucket && Name == other.Name && IsPrefix == other.IsPrefix;
}
