using System.Runtime.CompilerServices;

using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Listings;

/// <summary>Lookups of frozen entries whose objects the remote has lost. Each may be a round trip.</summary>
[Trait("Rule", "L2")]
public sealed class FrozenRowsTests
{
    [Theory]
    [InlineData(1000, 8)]
    [InlineData(3, 3)]
    [InlineData(1, 1)]
    public async Task A_few_are_looked_at_together_and_no_more_than_the_page_has_room_for(int pageSize, int expected)
    {
        var remote = new InMemoryRemote();
        remote.AddBucket("below");
        var routes = new BucketRoutes(new RemoteBucket(remote, "below", ""));
        var query = new ListingQuery("", "", ListingPosition.Start, pageSize);
        var held = new SlowStore(30, expected);
        await using (var rows = new FrozenRows(new RoutedRows(routes, query, NullLogger.Instance), held, new SimpleRemoteReader(), "bucket",
            routes, query))
        {
            Assert.Null(await rows.NextAsync(default));
        }

        Assert.Equal((expected, 30, 0), (held.Most, held.Looks, held.Running));
    }

    /// <summary>Once one entry shows the folder, the other lookups end before the next folder starts.</summary>
    [Theory]
    [InlineData(20, 8)]
    [InlineData(3, 2)]
    public async Task The_looks_of_a_folder_have_ended_before_those_of_the_next_begin(int copies, int expected)
    {
        var remote = new InMemoryRemote();
        remote.AddBucket("below");
        var routes = new BucketRoutes(new RemoteBucket(remote, "below", ""));
        var query = new ListingQuery("", "/", ListingPosition.Start, 1000);
        var held = new FolderStore(copies, expected);
        await using (var rows = new FrozenRows(new RoutedRows(routes, query, NullLogger.Instance), held, new SimpleRemoteReader(), "bucket",
            routes, query))
        {
            foreach (var folder in (string[])["a/", "b/", "c/"])
            {
                Assert.Equal(folder, (await rows.NextAsync(default))?.Name);
            }

            Assert.Null(await rows.NextAsync(default));
        }

        Assert.Equal((expected, 0), (held.Most, held.Running));
    }

    /// <summary>
    /// Three folders of entries: nothing is cached of the first, the second is usable, and the others do not respond until their lookups
    /// are cancelled.
    /// </summary>
    private sealed class FolderStore(int copies, int together) : SomeEntries
    {
        private int _running;

        public int Running => Volatile.Read(ref _running);

        public int Most { get; private set; }

        protected override IEnumerable<string> Keys => from folder in (string[])["a", "b", "c"] from i in Enumerable
            .Range(0, copies) select $"{folder}/{i:d2}";

        public override async ValueTask<ICacheEntry?> FindAsync(string bucket, string key, LookupHint wish,
            CancellationToken cancellationToken)
        {
            Most = Math.Max(Most, Interlocked.Increment(ref _running));
            try
            {
                await Task.Yield();
                if (key.EndsWith("/00", StringComparison.Ordinal))
                {
                    return null;
                }

                if (key.EndsWith("/01", StringComparison.Ordinal))
                {
                    await Patience.UntilAsync(() => Running == together, "The others of the folder are not looked up at the same time.");
                }
                else
                {
                    await Task.Delay(Patience.Limit, cancellationToken);
                }

                return new CachedInfo(bucket, key);
            }
            finally
            {
                Interlocked.Decrement(ref _running);
            }
        }
    }

    /// <summary>An entry that supports only its metadata.</summary>
    private sealed class CachedInfo(string bucket, string key) : ICacheEntry
    {
        public EntryIdentity Identity => new("endpoint", bucket, key, 0);

        public ObjectInfo Info { get; } = new() { Size = 1, ETag = "\"e\"", LastModified = DateTimeOffset.UnixEpoch };

        public DateTimeOffset ValidatedAt => DateTimeOffset.UnixEpoch;

        public bool IsCurrent => true;

        public ByteRange? FirstCached(long position) => null;

        public IEntryReader Read(ByteRange range) => throw new NotSupportedException();

        public ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>A store that can only be listed and looked into.</summary>
    private abstract class SomeEntries : ICacheStore
    {
        protected abstract IEnumerable<string> Keys { get; }

        public abstract ValueTask<ICacheEntry?> FindAsync(string bucket, string key, LookupHint wish, CancellationToken cancellationToken);

        public async IAsyncEnumerable<CacheRow> ListAsync(string bucket, string prefix, string after,
            [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            foreach (var key in Keys.Where(key => Utf8Order.Compare(key, after) > 0))
            {
                yield return new CacheRow(key, 1, "\"e\"", DateTimeOffset.UnixEpoch);
            }
        }

        public ValueTask<ICacheEntry> CreateAsync(string bucket, string key, EntryIdentity identity, ObjectInfo info,
            DateTimeOffset validatedAt, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask RenewAsync(string bucket, string key, string etag, DateTimeOffset validatedAt, ObjectInfo? info,
            CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask EvictAsync(string bucket, string key, string? onlyETag, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    /// <summary>A store that does not respond until a number of lookups, or all that are left, are waiting.</summary>
    private sealed class SlowStore(int copies, int together) : SomeEntries
    {
        private readonly Lock _lock = new();
        private readonly List<TaskCompletionSource> _waiting = [];

        public int Most { get; private set; }

        public int Looks { get; private set; }

        public int Running { get; private set; }

        protected override IEnumerable<string> Keys => Enumerable.Range(0, copies).Select(i => $"key{i:d4}");

        public override async ValueTask<ICacheEntry?> FindAsync(string bucket, string key, LookupHint wish,
            CancellationToken cancellationToken)
        {
            var response = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_lock)
            {
                Looks++;
                Most = Math.Max(Most, ++Running);
                _waiting.Add(response);
                if (Running >= Math.Min(together, copies - Looks + Running))
                {
                    // The first of them. The next ones find the others still waiting.
                    _waiting[0].SetResult();
                    _waiting.RemoveAt(0);
                }
            }

            await response.Task.WaitAsync(Patience.Limit, cancellationToken);
            lock (_lock)
            {
                Running--;
                if (Looks == copies)
                {
                    _waiting.ForEach(static waiter => waiter.TrySetResult());
                }
            }

            return null;
        }
    }
}
