using System.Collections.Concurrent;
using System.Security.Cryptography;

using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Support;

/// <summary>
/// A remote with one object at a time per key. Tests can stop, change and break its steps: before a response, and before any piece of a
/// body. Counts every byte it sends.
/// </summary>
public sealed class FakeRemote : IRemote
{
    private readonly ConcurrentDictionary<string, Version> _objects = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Key, string ETag, long Position), int> _given = new();
    private readonly Bell _bell = new();
    private long _bytes;

    public string Endpoint { get; init; } = "https://remote.test";

    public RemoteBucket Bucket => new(this, "remote-bucket", "");

    public ConcurrentQueue<RemoteRead> Gets { get; } = [];

    public ConcurrentQueue<RemoteRead> Heads { get; } = [];

    public RemoteCondition Condition { get; set; }

    /// <summary>The buckets that did not respond in time.</summary>
    public ConcurrentQueue<string> Suspected { get; } = [];

    /// <summary>The most bytes a read of a body gives.</summary>
    public int PieceSize { get; set; } = 64 * 1024;

    /// <summary>Whether to count how often each byte was sent. For small objects.</summary>
    public bool CountsEachByte { get; set; }

    /// <summary>Whether it takes no notice of If-None-Match.</summary>
    public bool IgnoresIfNoneMatch { get; set; }

    /// <summary>Whether a 304 names the object's date; not every server's does.</summary>
    public bool TellsDateOfSame { get; set; } = true;

    /// <summary>Bytes given in bodies.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>How often the most requested byte was sent.</summary>
    public int MostGiven => _given.IsEmpty ? 0 : _given.Values.Max();

    /// <summary>Runs before the response to a GET or HEAD.</summary>
    public Func<RemoteRead, CancellationToken, Task>? OnRequest { get; set; }

    /// <summary>Runs once the response to a GET or HEAD is decided, before it is sent.</summary>
    public Func<RemoteRead, CancellationToken, Task>? OnResponse { get; set; }

    /// <summary>Runs before the byte at a position of a body is given.</summary>
    public Func<long, CancellationToken, Task>? OnByte { get; set; }

    /// <summary>
    /// The position up to which a body is read in one piece, so that <see cref="OnByte"/> sees the positions that matter.
    /// </summary>
    public Func<long, long>? StopAt { get; set; }

    public ObjectInfo Put(
        string key, byte[] bytes, string? etag = null, DateTimeOffset? modified = null, IReadOnlyList<KeyValuePair<string,
        string>>? headers = null,
        BodyChecksum? checksum = null)
    {
        var info = new ObjectInfo
        {
            Size = bytes.Length,
            ETag = etag ?? $"\"{Convert.ToHexStringLower(MD5.HashData(bytes))}\"",
            LastModified = modified ?? new DateTimeOffset(2024, 5, 6, 7, 8, 9, TimeSpan.Zero),
            Headers = headers ?? [new("Content-Type", "text/x-test"), new("x-amz-meta-color", "blue")],
            Checksums = checksum is { } known ? [known] : [],
            ChecksumType = checksum is null ? null : "FULL_OBJECT",
        };
        _objects[key] = new Version(info, bytes);
        return info;
    }

    /// <summary>Finishes once a condition on the requests and sent bytes holds.</summary>
    public Task UntilAsync(Func<bool> holds, string otherwise) => _bell.UntilAsync(holds, () => otherwise);

    public void Remove(string key) => _objects.TryRemove(key, out _);

    public Task<RemoteResult> TryGetAsync(RemoteRead read, CancellationToken cancellationToken) =>
        TryAsync(GetAsync(read, cancellationToken));

    public Task<RemoteResult> TryHeadAsync(RemoteRead read, CancellationToken cancellationToken) =>
        TryAsync(HeadAsync(read, cancellationToken));

    private static async Task<RemoteResult> TryAsync(Task<RemoteObject> asking)
    {
        try
        {
            return await asking;
        }
        catch (RemoteException failure)
        {
            return failure;
        }
    }

    private async Task<RemoteObject> GetAsync(RemoteRead read, CancellationToken cancellationToken)
    {
        Gets.Enqueue(read);
        _bell.Ring();
        if (OnRequest is not null)
        {
            await OnRequest(read, cancellationToken);
        }

        var found = await FindAsync(read, cancellationToken);
        ByteRange? range = found.Bytes.Length == 0 ? null : new ByteRange(0, found.Bytes.Length - 1);
        if (RangeHeader.Parse(read.Range) is { } header)
        {
            range = header.Resolve(found.Bytes.Length)
                ?? throw new RemoteException(RemoteFailure.InvalidRange, "no such bytes") { Status = 416, ActualSize = found.Bytes.Length };
        }

        return range is { } bytes
            ? new RemoteObject(
                read.Range is null ? found.Info : found.Info.WithoutChecksums(), read.Range is null ? 200
                    : 206, bytes, new Body(this, read.Key, found, bytes))
            : new RemoteObject(found.Info, 200, null, Stream.Null);
    }

    private async Task<RemoteObject> HeadAsync(RemoteRead read, CancellationToken cancellationToken)
    {
        Heads.Enqueue(read);
        _bell.Ring();
        if (OnRequest is not null)
        {
            await OnRequest(read, cancellationToken);
        }

        return new RemoteObject((await FindAsync(read, cancellationToken)).Info, 200, null, Stream.Null);
    }

    public RemoteCondition ConditionOf(string bucket) => Condition;

    public void Suspect(string bucket) => Suspected.Enqueue(bucket);

    public Task<RemotePage> ListAsync(RemoteListing listing, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> BucketExistsAsync(string bucket, CancellationToken cancellationToken) => Task.FromResult(true);

    public Task<IReadOnlyList<LayerBucket>> ListBucketsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    private async Task<Version> FindAsync(RemoteRead read, CancellationToken cancellationToken)
    {
        try
        {
            return Find(read);
        }
        finally
        {
            if (OnResponse is not null)
            {
                await OnResponse(read, cancellationToken);
            }
        }
    }

    private Version Find(RemoteRead read)
    {
        if (!_objects.TryGetValue(read.Key, out var found))
        {
            throw new RemoteException(RemoteFailure.NoSuchKey, "no such key") { Status = 404, Code = "NoSuchKey" };
        }

        if (read.IfNoneMatch is not null && !IgnoresIfNoneMatch && ETags.ListHas(read.IfNoneMatch, found.Info.ETag))
        {
            throw new RemoteException(RemoteFailure.NotModified, "the same version")
                { Status = 304, LastModified = TellsDateOfSame ? found.Info.LastModified : null };
        }

        return read.IfMatch is null || ETags.ListHas(read.IfMatch, found.Info.ETag)
            ? found
            : throw new RemoteException(RemoteFailure.Changed, "another version") { Status = 412 };
    }

    private sealed record Version(ObjectInfo Info, byte[] Bytes);

    private sealed class Body(FakeRemote owner, string key, Version version, ByteRange range) : ForwardStream
    {
        private long _position = range.First;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_position > range.Last)
            {
                return 0;
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (owner.OnByte is not null)
            {
                await owner.OnByte(_position, cancellationToken);
            }

            var end = Math.Min(range.Last + 1, owner.StopAt?.Invoke(_position) ?? long.MaxValue);
            var count = (int)Math.Min(Math.Min(buffer.Length, owner.PieceSize), end - _position);
            version.Bytes.AsSpan((int)_position, count).CopyTo(buffer.Span);
            for (var i = 0; owner.CountsEachByte && i < count; i++)
            {
                owner._given.AddOrUpdate((key, version.Info.ETag, _position + i), 1, (_, times) => times + 1);
            }

            Interlocked.Add(ref owner._bytes, count);
            owner._bell.Ring();
            _position += count;
            return count;
        }
    }
}
