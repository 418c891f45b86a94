using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Support;

/// <summary>A writable layer's state in memory.</summary>
public sealed class InMemoryLayer : ILayerState
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Bucket> _buckets = new(StringComparer.Ordinal);
    private int _deletedTaken;

    /// <summary>The errors of writing tombstones, by key.</summary>
    public Dictionary<string, Exception> TombstoneFailures { get; } = [];

    /// <summary>Runs after a tombstone was written, before anything else happens.</summary>
    public Func<string, Task>? OnTombstone { get; set; }

    /// <summary>Runs before a key is looked up.</summary>
    public Func<string, ValueTask>? OnResolve { get; set; }

    /// <summary>How many deleted keys were read from their lists.</summary>
    public int DeletedTaken => _deletedTaken;

    /// <summary>A listing that starts inside a folder omits the rest of that folder, as S3 endpoints as local do.</summary>
    public bool LeavesOutOpenFolders { get; set; }

    /// <summary>Runs when the first written row is taken.</summary>
    public Action? OnListed { get; set; }

    public void Write(string bucket, string key, ObjectInfo info)
    {
        lock (_lock)
        {
            Of(bucket).Written[key] = info;
        }
    }

    public bool Remove(string bucket, string key)
    {
        lock (_lock)
        {
            return Of(bucket).Written.Remove(key);
        }
    }

    public ObjectInfo? Find(string bucket, string key)
    {
        lock (_lock)
        {
            return _buckets.GetValueOrDefault(bucket)?.Written.GetValueOrDefault(key);
        }
    }

    public void Delete(string bucket, string key)
    {
        lock (_lock)
        {
            Of(bucket).Deleted.Add(key);
        }
    }

    /// <summary>Whether a key has a tombstone, written or not.</summary>
    public bool IsMarked(string bucket, string key)
    {
        lock (_lock)
        {
            return _buckets.GetValueOrDefault(bucket)?.Deleted.Contains(key) ?? false;
        }
    }

    /// <summary>Takes a tombstone away.</summary>
    public bool Unmark(string bucket, string key)
    {
        lock (_lock)
        {
            return Of(bucket).Deleted.Remove(key);
        }
    }

    public async ValueTask<KeyState> ResolveAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        await (OnResolve?.Invoke(key) ?? default);
        lock (_lock)
        {
            var found = _buckets.GetValueOrDefault(bucket);
            return found is null ? KeyState.Nothing
                : found.Written.ContainsKey(key) ? KeyState.Written
                : found.Deleted.Contains(key) ? KeyState.Deleted
                : KeyState.Nothing;
        }
    }

    public async ValueTask MarkDeletedAsync(string bucket, string key, RemoteBase? known, CancellationToken cancellationToken)
    {
        if (TombstoneFailures.TryGetValue(key, out var failure))
        {
            throw failure;
        }

        Delete(bucket, key);
        await (OnTombstone?.Invoke(key) ?? Task.CompletedTask);
    }

    public ValueTask<BucketState> ResolveBucketAsync(string bucket, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var found = _buckets.GetValueOrDefault(bucket);
            return new(new BucketState(found?.Exists ?? false, found?.IsOpaque ?? false));
        }
    }

    public ValueTask EnsureBucketAsync(string bucket, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Of(bucket);
        }

        return default;
    }

    public ValueTask DeleteBucketAsync(string bucket, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var found = Of(bucket);
            if (found.Written.Count > 0)
            {
                throw new S3Exception(S3Errors.BucketNotEmpty);
            }

            found.Deleted.Clear();
            found.Exists = false;
            found.IsOpaque = true;
        }

        return default;
    }

    public ValueTask<IReadOnlyList<LayerBucket>> ListBucketsAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return new([.. _buckets.Where(pair => pair.Value.Exists).Select(
                pair => new LayerBucket(pair.Key, DateTimeOffset.UnixEpoch.AddYears(55)))]);
        }
    }

    public IListingSource ListWritten(string bucket, ListingQuery query)
    {
        lock (_lock)
        {
            if (LeavesOutOpenFolders && S3Overlay.Proxy.Overlay.Listings.ListingBounds.OpenPrefix(query) is { } open)
            {
                query = query with { After = new ListingPosition(open, true) };
            }

            return new Rows(ListingModel.Rows(_buckets.GetValueOrDefault(bucket)?.Written ?? [], query, info => info), OnListed);
        }
    }

    public async IAsyncEnumerable<string> ListDeletedAsync(
        string bucket, string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask;
        foreach (var key in _buckets.GetValueOrDefault(bucket)?.Deleted ?? [])
        {
            if (key.StartsWith(prefix, StringComparison.Ordinal) && (after.Length == 0 || Utf8Order.Compare(key, after) > 0))
            {
                Interlocked.Increment(ref _deletedTaken);
                yield return key;
            }
        }
    }

    private Bucket Of(string name)
    {
        if (!_buckets.TryGetValue(name, out var bucket))
        {
            _buckets.Add(name, bucket = new Bucket());
        }

        bucket.Exists = true;
        return bucket;
    }

    private sealed class Bucket
    {
        public bool Exists { get; set; }

        public bool IsOpaque { get; set; }

        public SortedDictionary<string, ObjectInfo> Written { get; } = new(Utf8Order.Instance);

        public SortedSet<string> Deleted { get; } = new(Utf8Order.Instance);
    }

    private sealed class Rows(List<ListingRow> rows, Action? onListed) : IListingSource
    {
        private int _next;

        public ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken)
        {
            if (_next == 0)
            {
                onListed?.Invoke();
            }

            return new(_next < rows.Count ? rows[_next++] : null);
        }

        public ValueTask DisposeAsync() => default;
    }
}
