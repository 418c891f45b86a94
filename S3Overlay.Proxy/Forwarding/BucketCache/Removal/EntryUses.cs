using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Removal;

/// <summary>
/// When copies were last used, by all proxies over one store: an empty object each, put again at most once an hour, whose date is what it
/// tells. Where reads are rare the first read after an hour costs a call, which nobody waits for.
/// </summary>
internal sealed class EntryUses(CacheBucketObjects objects, BackgroundWork work, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    /// <summary>Beyond this many keys a use may be noted twice within the hour.</summary>
    private const int Limit = 100_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectName, DateTimeOffset> _noted = [];

    /// <summary>A copy is read.</summary>
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
                Log.HeldCleaningFailed(logger, failure);
            }
        });
    }

    /// <summary>All copies in the order of their names, with what the bucket tells of each: a call for a thousand objects.</summary>
    public async IAsyncEnumerable<EntryUse> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var copies = new Walk(objects.ListAsync(EntryNames.Copies, "", cancellationToken),
            name => name[EntryNames.Copies.Length..]);
        await using var chunks = new Walk(objects.ListAsync(EntryNames.Chunks, "", cancellationToken),
            name => EntryNames.ParseChunk(name)?.Copy[EntryNames.Copies.Length..]);
        await using var uses = new Walk(objects.ListAsync(EntryNames.Uses, "", cancellationToken), name => name[EntryNames.Uses.Length..]);
        Walk[] walks = [copies, chunks, uses];
        foreach (var walk in walks)
        {
            await walk.NextAsync();
        }

        while (walks.Where(walk => walk.Tail is not null).MinBy(walk => walk.Tail, StringComparer.Ordinal)?.Tail is { } tail)
        {
            var (bytes, used) = (0L, DateTimeOffset.MinValue);
            var isThere = copies.Tail == tail;
            foreach (var walk in walks)
            {
                for (; walk.Tail == tail; await walk.NextAsync())
                {
                    bytes += walk == uses ? 0 : walk.Object.Size;
                    used = walk.Object.LastModified > used ? walk.Object.LastModified : used;
                }
            }

            // Chunks without a manifest are being filled, or nobody's: those the daily sweep takes away.
            yield return new EntryUse(tail, isThere ? bytes : 0, used);
        }
    }

    /// <summary>Forgets when a copy was used that is no more.</summary>
    public Task ForgetAsync(string tail, CancellationToken cancellationToken) =>
        objects.DeleteAsync(EntryNames.Uses + tail, cancellationToken);

    /// <summary>A list, walked by the copies its names belong to.</summary>
    private sealed class Walk(IAsyncEnumerable<ListingRow> rows, Func<string, string?> tailOf) : IAsyncDisposable
    {
        private readonly IAsyncEnumerator<ListingRow> _rows = rows.GetAsyncEnumerator();

        /// <summary>The copy that the current object belongs to; null at the end.</summary>
        public string? Tail { get; private set; }

        /// <summary>The current object's name.</summary>
        public string Name => _rows.Current.Name;

        /// <summary>The current object.</summary>
        public ListedObject Object => _rows.Current.Object!;

        /// <summary>Goes on to the next object of ours.</summary>
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
