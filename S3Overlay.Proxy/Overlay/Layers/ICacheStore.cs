using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// The cache: bytes of remote objects, whole or in part, which may be evicted at any time. The built-in store keeps sparse files with one
/// checksum per block; an S3 endpoint keeps objects in the cache bucket.
/// </summary>
public interface ICacheStore
{
    /// <summary>
    /// A key's entry, of whatever remote version, or null. The caller disposes it. <paramref name="wish"/> says what the caller will do
    /// with it.
    /// </summary>
    ValueTask<ICacheEntry?> FindAsync(string bucket, string key, LookupHint wish, CancellationToken cancellationToken);

    /// <summary>
    /// Creates an empty entry for a remote version and replaces any other entry of the key. Readers of the old entry keep it.
    /// </summary>
    /// <param name="bucket">The client's bucket.</param>
    /// <param name="key">The client's key.</param>
    /// <param name="identity">The remote object.</param>
    /// <param name="info">The version.</param>
    /// <param name="validatedAt">When that was known to be the current version.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    ValueTask<ICacheEntry> CreateAsync(
        string bucket, string key, EntryIdentity identity, ObjectInfo info, DateTimeOffset validatedAt,
        CancellationToken cancellationToken);

    /// <summary>
    /// Records that an entry was the remote's current version at a moment, if the entry has that version. The record survives a restart; an
    /// earlier moment never replaces a later one.
    /// </summary>
    /// <param name="bucket">The client's bucket.</param>
    /// <param name="key">The client's key.</param>
    /// <param name="etag">The version.</param>
    /// <param name="validatedAt">The moment.</param>
    /// <param name="info">The version's present headers; null if they are unchanged.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    ValueTask RenewAsync(string bucket, string key, string etag, DateTimeOffset validatedAt, ObjectInfo? info,
        CancellationToken cancellationToken);

    /// <summary>Evicts a key's entry. If <paramref name="onlyETag"/> is not null, only an entry of that version.</summary>
    /// <remarks>May return before everything is removed. Look-ups do not find the entry from then on.</remarks>
    ValueTask EvictAsync(string bucket, string key, string? onlyETag, CancellationToken cancellationToken);

    /// <summary>
    /// Cached keys of a bucket in UTF-8 byte order that start with <paramref name="prefix"/> and come strictly after
    /// <paramref name="after"/>, with what listings compare (rule T2).
    /// </summary>
    IAsyncEnumerable<CacheRow> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken);

    /// <summary>
    /// Waits until what is cached of a key now is where it lasts, or was refused. Only for callers that report it: reads do not wait for
    /// the store (rule R3).
    /// </summary>
    /// <returns>
    /// False if the entry was evicted or refused. If true, what was refused is no longer cached, or its entry no longer current.
    /// </returns>
    ValueTask<bool> SettleAsync(string bucket, string key, CancellationToken cancellationToken) => new(true);

    /// <summary>
    /// The version of a key's entry, if the store has that at hand; else null. For a write, which must not wait for a network.
    /// </summary>
    ValueTask<RemoteBase?> KnownVersionAsync(string bucket, string key, CancellationToken cancellationToken) => default;

    /// <summary>The client's buckets that have entries; each once, in no particular order.</summary>
    IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken);

    /// <summary>The same as <see cref="ListAsync"/>, with room and last use as far as the store knows them.</summary>
    async IAsyncEnumerable<EntryUsage> ListUsagesAsync(string bucket, string prefix, string after,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in ListAsync(bucket, prefix, after, cancellationToken))
        {
            yield return new EntryUsage(row.Key, row.Size, null, null);
        }
    }

    /// <summary>
    /// The last use of the most recently used entry that was evicted to make room: entries used earlier may be evicted next. Null for none,
    /// and if the store does not know.
    /// </summary>
    DateTimeOffset? LatestEvicted => null;

    /// <summary>True if a fill may find no room for a moment only, because other fills are on their way to the store.</summary>
    bool MayHaveRoomLater => false;

    /// <summary>A key's entry as it is now, or null. Looking does not count as a use.</summary>
    async ValueTask<EntryDetail?> DescribeAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        await using var entry = await FindAsync(bucket, key, LookupHint.Info, cancellationToken);
        return entry is null ? null : EntryDetail.Of(key, entry.Identity, entry.Info, entry.ValidatedAt, entry.FirstCached);
    }
}

/// <summary>Which remote object an entry belongs to (rule R7). An entry with another identity does not count as cached.</summary>
/// <param name="Endpoint">The remote's endpoint.</param>
/// <param name="Bucket">The bucket there.</param>
/// <param name="Key">The key there.</param>
/// <param name="ChunkSize">Chunk size in bytes when it was filled; 0 for an entry that is filled whole.</param>
public sealed record EntryIdentity(string Endpoint, string Bucket, string Key, long ChunkSize)
{
    /// <summary>The position after the chunk that contains a byte.</summary>
    public static long EndOfChunk(long position, long chunkSize) =>
        position >= long.MaxValue - chunkSize ? long.MaxValue : ((position / chunkSize) + 1) * chunkSize;
}

/// <summary>What listings compare of a cache entry.</summary>
/// <param name="Key">The client's key.</param>
/// <param name="Size">Size of the whole object in bytes.</param>
/// <param name="ETag">The remote's ETag, with quotes.</param>
/// <param name="LastModified">The remote's date.</param>
public record CacheRow(string Key, long Size, string ETag, DateTimeOffset LastModified);

/// <summary>What the caller will do with a cache entry: a store behind a network may start to read in the same call.</summary>
/// <param name="ReadsBytes">True if bytes will be read; false if only the object's metadata is needed.</param>
/// <param name="Range">Which bytes; null for all.</param>
public readonly record struct LookupHint(bool ReadsBytes, RangeHeader? Range)
{
    /// <summary>Metadata only.</summary>
    public static readonly LookupHint Info;

    /// <summary>The bytes that a GET requests.</summary>
    public static LookupHint Bytes(RangeHeader? range) => new(true, range);
}

/// <summary>The cache has no room for new bytes. Existing entries are unchanged.</summary>
public sealed class CacheFullException(string message) : IOException(message);

/// <summary>
/// A cache entry: the cached bytes of one version of one remote object, written and read in any order. Bytes count as cached only if they
/// match the checksum they were written with. Safe for one writer per region and any number of readers.
/// </summary>
public interface ICacheEntry : IAsyncDisposable
{
    /// <summary>The remote object it belongs to.</summary>
    EntryIdentity Identity { get; }

    /// <summary>The version's size, ETag, date and headers.</summary>
    ObjectInfo Info { get; }

    /// <summary>When the entry was last known to be the remote's current version.</summary>
    DateTimeOffset ValidatedAt { get; }

    /// <summary>False once the entry was evicted or replaced: look-ups no longer find it. Costs nothing.</summary>
    bool IsCurrent { get; }

    /// <summary>
    /// False if fills should only finish the chunks they began. An evicted entry serves only its present readers and takes room that others
    /// need; the rest can be read from the remote directly, if that still has the version. Costs nothing.
    /// </summary>
    bool MayGrow => true;

    /// <summary>
    /// The first gapless range of cached bytes at or after <paramref name="position"/>; null if there is none. Does not read from disk.
    /// </summary>
    ByteRange? FirstCached(long position);

    /// <summary>
    /// True if any byte is cached, though it may be damaged or unreadable at the moment; also for an empty object. Costs nothing.
    /// </summary>
    bool HasBytes => Info.Size == 0 || FirstCached(0) is not null;

    /// <summary>
    /// The next lookup reads again what the store failed to deliver: the remote could not bring it. Does nothing in a store on this
    /// machine.
    /// </summary>
    void RetryUndelivered()
    {
    }

    /// <summary>Reads cached bytes of a range. The reader also sees adjoining bytes that are cached while it reads.</summary>
    IEntryReader Read(ByteRange range);

    /// <summary>Stores bytes from the remote. They count as cached when this call returns.</summary>
    ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>
    /// Ends a fill whose bytes match what the remote promised. A store that spools bytes until then stores them now; it need not wait for
    /// that. May be called more than once.
    /// </summary>
    ValueTask CompleteAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Hides an entry that is about to be evicted, if that is possible in memory: from the return of this call on, no look-up in this
    /// process finds it, and it is stored nowhere. Present users may continue to read and write it.
    /// </summary>
    /// <returns>True if the caller need not wait for the eviction itself.</returns>
    bool TryWithdraw() => false;
}

/// <summary>Reads bytes of a cache entry from front to back, one read at a time. The entry must outlive it.</summary>
public interface IEntryReader : IAsyncDisposable
{
    /// <summary>
    /// Reads the next bytes. Returns fewer than requested at a block's end, and 0 at the range's end or if the next byte is not cached.
    /// Damaged blocks no longer count as cached.
    /// </summary>
    ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}
