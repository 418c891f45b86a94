using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>
/// What this proxy last showed, or knew, of the remote's objects: a write or delete records it as its base, without asking the remote (rule
/// P1). A table of fixed size: a key may lose its place to another one, and then counts as unknown.
/// </summary>
public sealed class ShownObjects
{
    private const int Size = 1 << 14;

    private readonly Entry?[] _entries = new Entry?[Size];

    /// <summary>Notes an object that is shown. Allocates nothing if it was the last one noted of its key.</summary>
    public void Note(string bucket, string key, string etag, long size, DateTimeOffset date)
    {
        ref var place = ref _entries[PlaceOf(bucket, key)];
        var before = Volatile.Read(ref place);
        if (before is null || !before.IsOf(bucket, key)
            || (!before.IsRestored && !(before.Base.Size == size && before.Base.ETag == etag
                && before.Base.Date.ToUnixTimeSeconds() == date.ToUnixTimeSeconds())))
        {
            Replace(ref place, before, new Entry(bucket, key, new RemoteBase(etag, size, HttpDates.WholeSeconds(date))));
        }
    }

    /// <summary>Notes an object that is shown.</summary>
    public void Note(string bucket, string key, ObjectInfo info) => Note(bucket, key, info.ETag, info.Size, info.LastModified);

    /// <summary>Notes that the remote is certain not to have a key, or since when nothing is known of it.</summary>
    public void Note(string bucket, string key, RemoteBase known)
    {
        ref var place = ref _entries[PlaceOf(bucket, key)];
        var before = Volatile.Read(ref place);
        if (before is null || !before.IsOf(bucket, key) || (!before.IsRestored && before.Base != known))
        {
            Replace(ref place, before, new Entry(bucket, key, known));
        }
    }

    /// <summary>
    /// Sets the base of a saved change that is brought back. It stays until the key is forgotten: a read that began before the change would
    /// note a later version.
    /// </summary>
    public void Restore(string bucket, string key, RemoteBase known) =>
        Volatile.Write(ref _entries[PlaceOf(bucket, key)], new Entry(bucket, key, known) { IsRestored = true });

    /// <summary>What is known of a key; null if nothing is.</summary>
    public RemoteBase? Find(string bucket, string key) =>
        Volatile.Read(ref _entries[PlaceOf(bucket, key)]) is { } known && known.IsOf(bucket, key) ? known.Base : null;

    /// <summary>Forgets a key whose remote shows again.</summary>
    public void Forget(string bucket, string key)
    {
        ref var place = ref _entries[PlaceOf(bucket, key)];
        if (Volatile.Read(ref place) is { } known && known.IsOf(bucket, key))
        {
            Interlocked.CompareExchange(ref place, null, known);
        }
    }

    /// <summary>Forgets everything: a whole bucket shows again.</summary>
    public void ForgetAll() => Array.Clear(_entries);

    /// <summary>Of two at once, the first stays: the other knows no better.</summary>
    private static void Replace(ref Entry? place, Entry? before, Entry entry) => Interlocked.CompareExchange(ref place, entry, before);

    private static int PlaceOf(string bucket, string key) => HashCode.Combine(bucket, key) & (Size - 1);

    private sealed class Entry(string bucket, string key, RemoteBase known)
    {
        public RemoteBase Base => known;

        /// <summary>True if it is the base of a change that was brought back.</summary>
        public bool IsRestored { get; init; }

        public bool IsOf(string ofBucket, string ofKey) => key == ofKey && bucket == ofBucket;
    }
}
