using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Removal;

/// <summary>
/// Tracks when entries were last used, by all proxies of a store: the date of an empty object, written at most once an hour. The first read
/// after an hour costs a call in the background.
/// </summary>
internal sealed class EntryUses(CacheBucketObjects objects, BackgroundWork work, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    /// <summary>Beyond this many keys, a use may be written twice within the hour.</summary>
    private const int Limit = 100_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectName, DateTimeOffset> _noted = [];

    /// <summary>Notes a read.</summary>
    public void Note(ObjectName name)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            if (_noted.TryGetValue(name, out var noted) && now - noted < Pause)
            {
                return;
            }

            if (_noted.Count >= Limit)
            {
                _noted.Clear();
            }

            _noted[name] = now;
        }

        work.Start(async cancellationToken =>
        {
            try
            {
                await objects.PutAsync(EntryNames.Use(name), WireBody.Of(Array.Empty<byte>()), [], cancellationToken);
            }
            catch (Exception failure) when (failure is IOException or OperationCanceledException)
            {
                Log.CacheCleaningFailed(logger, failure);
            }
        });
    }

    /// <summary>All entries in the order of their names: one call per thousand objects.</summary>
    public async IAsyncEnumerable<EntryUse> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var entries = new Walk(objects.ListAsync(EntryNames.Entries, "", cancellationToken),
            name => name[EntryNames.Entries.Length..]);
        await using var chunks = new Walk(objects.ListAsync(EntryNames.Chunks, "", cancellationToken),
            name => EntryNames.ParseChunk(name)?.Entry[EntryNames.Entries.Length..]);
        await using var uses = new Walk(objects.ListAsync(EntryNames.Uses, "", cancellationToken), name => name[EntryNames.Uses.Length..]);
        Walk[] walks = [entries, chunks, uses];
        foreach (var walk in walks)
        {
            await walk.NextAsync();
        }

        while (walks.Where(walk => walk.Tail is not null).MinBy(walk => walk.Tail, StringComparer.Ordinal)?.Tail is { } tail)
        {
            var (bytes, used) = (0L, DateTimeOffset.MinValue);
            var isThere = entries.Tail == tail;
            foreach (var walk in walks)
            {
                for (; walk.Tail == tail; await walk.NextAsync())
                {
                    bytes += walk == uses ? 0 : walk.Object.Size;
                    used = walk.Object.LastModified > used ? walk.Object.LastModified : used;
                }
            }

            // Chunks without a manifest are being filled, or orphans for the daily collection.
            yield return new EntryUse(tail, isThere ? bytes : 0, used);
        }
    }

    /// <summary>The marks of keys with a prefix, to be asked for in the order of their names.</summary>
    public UseWalk WalkOf(string bucket, string prefix, CancellationToken cancellationToken) => new(objects.ListAsync(
        string.Concat(EntryNames.Uses, CacheNames.Entries(bucket).AsSpan(EntryNames.Entries.Length)) + CacheNames.OfPrefix(prefix), "",
        cancellationToken));

    /// <summary>Removes the mark of an entry that is gone.</summary>
    public Task ForgetAsync(string tail, CancellationToken cancellationToken) =>
        objects.DeleteAsync(EntryNames.Uses + tail, cancellationToken);

    /// <summary>A listing, grouped by entry.</summary>
    private sealed class Walk(IAsyncEnumerable<ListingRow> rows, Func<string, string?> tailOf) : IAsyncDisposable
    {
        private readonly IAsyncEnumerator<ListingRow> _rows = rows.GetAsyncEnumerator();

        /// <summary>The entry of the current object; null at the end.</summary>
        public string? Tail { get; private set; }

        /// <summary>The current object's name.</summary>
        public string Name => _rows.Current.Name;

        /// <summary>The current object.</summary>
        public ListedObject Object => _rows.Current.Object!;

        /// <summary>Advances to the next object of an entry.</summary>
        public async ValueTask NextAsync()
        {
            Tail = null;
            while (Tail is null && await _rows.MoveNextAsync())
            {
                Tail = _rows.Current.Object is null ? null : tailOf(_rows.Current.Name);
            }
        }

        public ValueTask DisposeAsync() => _rows.DisposeAsync();
    }
}

/// <summary>Marks of use, read in step with a listing of entries.</summary>
internal sealed class UseWalk(IAsyncEnumerable<ListingRow> marks) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<ListingRow> _marks = marks.GetAsyncEnumerator();
    private bool _hasBegun;
    private bool _hasEnded;

    /// <summary>When the mark with a name was written; null if there is none, or if a later name was asked for before.</summary>
    public async ValueTask<DateTimeOffset?> SeekAsync(string name)
    {
        while (!_hasEnded && (!_hasBegun || string.CompareOrdinal(_marks.Current.Name, name) < 0))
        {
            _hasBegun = true;
            _hasEnded = !await _marks.MoveNextAsync();
        }

        return !_hasEnded && _marks.Current.Name == name ? _marks.Current.Object?.LastModified : null;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _marks.DisposeAsync();
}

/// <summary>An entry's size and last use, for eviction.</summary>
/// <param name="Tail">The bucket and key as in names of the cache bucket, without the kind.</param>
/// <param name="Bytes">The size of the entry or manifest and its chunks. 0 for a mark of use without an entry.</param>
/// <param name="Used">When it was last used or written.</param>
internal readonly record struct EntryUse(string Tail, long Bytes, DateTimeOffset Used);
