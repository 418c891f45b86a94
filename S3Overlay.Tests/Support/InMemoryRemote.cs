using System.Collections.Concurrent;

using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Support;

/// <summary>A remote in memory that lists as Amazon does, records its requests, and can fail on demand.</summary>
public sealed class InMemoryRemote : IRemote
{
    private readonly Dictionary<string, SortedDictionary<string, (ObjectInfo Info, byte[] Bytes)>> _buckets = new(StringComparer.Ordinal);

    public string Endpoint { get; set; } = "http://remote.test";

    /// <summary>The creation dates of its buckets, if known without a request.</summary>
    public DateTimeOffset? Created { get; set; }

    /// <summary>The maximum number of rows on a page.</summary>
    public int PageLimit { get; set; } = 1000;

    /// <summary>The error of every call, or null.</summary>
    public RemoteException? Failure { get; set; }

    /// <summary>If set, rows are sorted by UTF-16 code units instead.</summary>
    public bool OrdersByUtf16 { get; set; }

    /// <summary>If set, it ignores the delimiter.</summary>
    public bool IgnoresDelimiters { get; set; }

    /// <summary>If set, it ignores the start of a listing.</summary>
    public bool IgnoresStartAfter { get; set; }

    /// <summary>The tags of every object, as the XML of <c>?tagging</c>.</summary>
    public string Tagging { get; set; } = "";

    public DateTimeOffset? CreatedOf(string bucket) => Created;

    /// <summary>Runs before a page is returned.</summary>
    public Func<RemoteListing, Task>? BeforeList { get; set; }

    /// <summary>If set, a listing that starts inside a folder omits the folder, as Ceph does.</summary>
    public bool LeavesOutOpenFolders { get; set; }

    public ConcurrentQueue<RemoteListing> Lists { get; } = [];

    public ConcurrentQueue<RemoteRead> Gets { get; } = [];

    public ConcurrentQueue<RemoteRead> Heads { get; } = [];

    public ConcurrentQueue<string> BucketHeads { get; } = [];

    public int Calls => Lists.Count + Gets.Count + Heads.Count + BucketHeads.Count;

    public void Forget()
    {
        Lists.Clear();
        Gets.Clear();
        Heads.Clear();
        BucketHeads.Clear();
    }

    public void AddBucket(string bucket) => _buckets.TryAdd(bucket, new(Utf8Order.Instance));

    public void Remove(string bucket, string key) => _buckets[bucket].Remove(key);

    public ObjectInfo Put(string bucket, string key, string text = "remote", params (string Name, string Value)[] headers)
    {
        AddBucket(bucket);
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        var etag = Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(bytes));
        var info = new ObjectInfo
        {
            Size = bytes.Length,
            ETag = $"\"{etag}\"",
            LastModified = new DateTimeOffset(2024, 5, 6, 7, 8, 9, TimeSpan.Zero),
            Headers = [.. headers.Select(header => KeyValuePair.Create(header.Name, header.Value))],
        };
        _buckets[bucket][key] = (info, bytes);
        return info;
    }

    /// <summary>Gives an object a full-object checksum.</summary>
    public void Promise(string bucket, string key, S3Overlay.Proxy.Protocol.Bodies.BodyChecksum checksum)
    {
        var (info, bytes) = _buckets[bucket][key];
        _buckets[bucket][key] = (info with { Checksums = [checksum], ChecksumType = "FULL_OBJECT" }, bytes);
    }

    public Task<RemoteResult> TryGetAsync(RemoteRead read, CancellationToken cancellationToken) => Task.FromResult(Try(Get, read));

    public Task<RemoteResult> TryHeadAsync(RemoteRead read, CancellationToken cancellationToken) => Task.FromResult(Try(Head, read));

    private static RemoteResult Try(Func<RemoteRead, RemoteObject> ask, RemoteRead read)
    {
        try
        {
            return ask(read);
        }
        catch (RemoteException failure)
        {
            return failure;
        }
    }

    private RemoteObject Get(RemoteRead read)
    {
        Gets.Enqueue(read);
        var (info, bytes) = Find(read);
        if (read.Query.StartsWith("tagging", StringComparison.Ordinal))
        {
            return new RemoteObject(info, 200, null, new MemoryStream(System.Text.Encoding.UTF8.GetBytes(Tagging)));
        }

        if (RangeHeader.Parse(read.Range) is { } header)
        {
            var range = header.Resolve(bytes.Length)
                ?? throw new RemoteException(RemoteFailure.InvalidRange, "no such bytes") { Status = 416, ActualSize = bytes.Length };
            return new RemoteObject(info.WithoutChecksums(), 206, range,
                new MemoryStream(bytes, (int)range.First, (int)range.Length, writable: false));
        }

        ByteRange? whole = bytes.Length == 0 ? null : new ByteRange(0, bytes.Length - 1);
        return new RemoteObject(info, 200, whole, new MemoryStream(bytes, writable: false));
    }

    private RemoteObject Head(RemoteRead read)
    {
        Heads.Enqueue(read);
        return new RemoteObject(Find(read).Info, 200, null, Stream.Null);
    }

    public async Task<RemotePage> ListAsync(RemoteListing listing, CancellationToken cancellationToken)
    {
        Lists.Enqueue(listing);
        if (BeforeList is not null)
        {
            await BeforeList(listing).WaitAsync(cancellationToken);
        }

        if (Failure is not null)
        {
            throw Failure;
        }

        if (!_buckets.TryGetValue(listing.Bucket, out var bucket))
        {
            throw new RemoteException(RemoteFailure.NoSuchBucket, "no such bucket") { Status = 404, Code = "NoSuchBucket" };
        }

        Assert.InRange(listing.MaxKeys, 1, 1000);
        var after = listing.ContinuationToken is { } token ? ContinuationTokens.Read(token)
            : new ListingPosition(IgnoresStartAfter ? "" : listing.StartAfter, false);
        var query = new ListingQuery(listing.Prefix, IgnoresDelimiters ? "" : listing.Delimiter, after, listing.MaxKeys);
        if (LeavesOutOpenFolders && S3Overlay.Proxy.Overlay.Listings.ListingBounds.OpenPrefix(query) is { } open)
        {
            query = query with { After = new ListingPosition(open, true) };
        }

        var pairs = bucket.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Info));
        var all = ListingModel.Rows(OrdersByUtf16 ? pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal) : pairs, query, info => info);
        var size = Math.Min(PageLimit, listing.MaxKeys);
        var rows = all.Take(size).ToList();
        var next = all.Count > size ? ContinuationTokens.Write(new(rows[^1].Name, rows[^1].IsPrefix)) : null;
        return new RemotePage(rows, next);
    }

    public RemoteCondition ConditionOf(string bucket) => RemoteCondition.Answering;

    public void Suspect(string bucket)
    {
    }

    public Task<bool> BucketExistsAsync(string bucket, CancellationToken cancellationToken)
    {
        BucketHeads.Enqueue(bucket);
        return Failure is null ? Task.FromResult(_buckets.ContainsKey(bucket)) : throw Failure;
    }

    public Task<IReadOnlyList<LayerBucket>> ListBucketsAsync(CancellationToken cancellationToken) =>
        Failure is null
            ? Task.FromResult<IReadOnlyList<LayerBucket>>(
                [.. _buckets.Keys.Select(name => new LayerBucket(name, DateTimeOffset.UnixEpoch.AddYears(50)))])
            : throw Failure;

    private (ObjectInfo Info, byte[] Bytes) Find(RemoteRead read)
    {
        if (Failure is not null)
        {
            throw Failure;
        }

        if (!_buckets.TryGetValue(read.Bucket, out var bucket))
        {
            throw new RemoteException(RemoteFailure.NoSuchBucket, "no such bucket") { Status = 404, Code = "NoSuchBucket" };
        }

        if (!bucket.TryGetValue(read.Key, out var found))
        {
            throw new RemoteException(RemoteFailure.NoSuchKey, "no such key") { Status = 404, Code = "NoSuchKey" };
        }

        if (read.IfMatch is { } wanted && !ETags.ListHas(wanted, found.Info.ETag))
        {
            throw new RemoteException(RemoteFailure.Changed, "another version") { Status = 412 };
        }

        return found;
    }
}
