using System.Globalization;
using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.Stores.Placed;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.Stores.Held;

/// <summary>
/// Held copies in a bucket of local's S3 endpoint, which several proxies may share: all state is there. The layout is in docs/storage-format.md.
/// </summary>
/// <remarks>
/// A fill runs into a file of the spool, which its readers follow, and into the store from there. A small copy is one object, read, checked and told of in
/// one call; a large one is a manifest and a chunk an object. Manifests read last are remembered, so that a chunk is one call as well.
/// </remarks>
internal sealed class StoreHeldStore : IHeldStore, IAsyncDisposable
{
    /// <summary>Bytes of remembered manifests: ten thousand of them and more.</summary>
    private const long Remembered = 32L << 20;

    /// <summary>A first byte further on than this is not of an object that has one call's worth of bytes: no part of anything is asked for.</summary>
    private const long Furthest = 1L << 60;

    private readonly HeldObjects _objects;
    private readonly SpoolFolder _spool;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LiveCopies _live = new(Remembered);
    private readonly NameLocks<ObjectName> _gates = new();
    private readonly BackgroundWork _work = new();
    private readonly StoredChunks _chunks;
    private readonly CopyRemoval _removal;
    private readonly CopyPublisher _publisher;
    private readonly HeldListing _listing;
    private readonly StrangerSweep _sweep;
    private readonly PlacedCopies? _placed;

    /// <summary>Copies in a bucket, which is made when it is first written to.</summary>
    /// <param name="calls">How the store is asked.</param>
    /// <param name="settings">Which bucket is the cache bucket, and where it is made.</param>
    /// <param name="spool">Where fills run into.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where failures are told.</param>
    /// <param name="placed">Where copies held whole are, if that is under their own keys; null for the cache bucket.</param>
    public StoreHeldStore(
        StoreCalls calls, StoreSettings settings, SpoolFolder spool, TimeProvider time, ILogger<StoreHeldStore> logger, PlacedCopies? placed = null)
    {
        _placed = placed;
        (_objects, _spool, _time, _logger) = (new HeldObjects(calls, settings, time), spool, time, logger);
        _listing = new HeldListing(_objects);
        _sweep = new StrangerSweep(_objects, _live, time, logger);
        _chunks = new StoredChunks(_objects, time, logger);
        _removal = new CopyRemoval(_objects, _work, logger);
        var rows = new CopyRows(_objects, _live, _removal);
        var manifests = new ManifestWriter(_objects, _live, _work, rows, _removal, _gates, time, logger);
        _publisher = new CopyPublisher(_objects, _live, _work, rows, _removal, manifests, _gates, logger)
        {
            Placed = placed is null ? null : new PlacedPublisher(calls, new StoreBuckets(calls, settings, time), placed),
        };
    }

    /// <summary>Objects whose first wanted byte is further on than this are not expected to be held whole: what is asked for is the manifest.</summary>
    public long LargestWhole { get; init; } = 50L << 20;

    /// <summary>How many uploads failed.</summary>
    public long UploadFailures => _publisher.Failures;

    /// <summary>How often a fill found no room in the spool.</summary>
    public long SpoolRefusals => _spool.Refused;

    /// <summary>Finishes once nothing is on its way to the store or being taken out of it, but for manifests that wait for their time.</summary>
    /// <returns>Whether there are any.</returns>
    internal Task<bool> WhenIdleAsync() => _work.WhenIdleAsync();

    /// <summary>Removes what belongs to no copy, as happens in the background once a day.</summary>
    internal Task SweepAsync() => _sweep.RunAsync(CancellationToken.None);

    /// <inheritdoc/>
    public async ValueTask<IHeldCopy?> FindAsync(string bucket, string key, HeldWish wish, CancellationToken cancellationToken)
    {
        var name = new ObjectName(bucket, key);
        try
        {
            if (_live.Use(name) is not { } known)
            {
                return _placed is not null && !wish.IsNotUnderItsKey && await _placed.OpenAsync(name, cancellationToken) is { } placed
                    ? placed
                    : await LoadAsync(name, wish, cancellationToken);
            }

            if (known.IsDropped)
            {
                return null;
            }

            var copy = await LeaseAsync(known, wish, cancellationToken);
            if (copy is not null || !_live.TryForget(known))
            {
                return copy ?? Lease(known, null);
            }

            // What is remembered names a chunk that is not there: another process replaced or dropped the copy.
            _live.Release(known);
            return await LoadAsync(name, wish, cancellationToken);
        }
        catch (Exception failure) when (failure is HttpRequestException or S3Exception)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IHeldCopy> CreateAsync(string bucket, string key, HeldIdentity identity, ObjectInfo info, CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        var record = new CopyRecord(new ObjectName(bucket, key), identity, info, _time.GetUtcNow(), Guid.NewGuid());
        if (!HeldNames.HasRow(record.Row))
        {
            throw new IOException("The object's ETag is too long to be listed.");
        }

        var layout = new ChunkLayout(info.Size, identity.ChunkSize);
        var isManifest = identity.ChunkSize > 0 || CopyHeaders.OfWhole(record) is null;
        var copy = new SharedCopy(record, new ChunkSet(layout.Count), isManifest, _spool, _logger);
        if (identity.ChunkSize == 0)
        {
            // Room for all of it or for none: a fill that ends in the middle would have been for nothing.
            copy.Reserve();
        }

        if (_live.Replace(copy) is { IsManifest: true } before)
        {
            _removal.RemoveChunks(before.Name, before.Record.Fill);
        }

        if (info.Size == 0)
        {
            _publisher.Upload(copy, 0);
        }

        return Lease(copy, null);
    }

    /// <inheritdoc/>
    public async ValueTask DropAsync(string bucket, string key, string? onlyETag, CancellationToken cancellationToken)
    {
        var name = new ObjectName(bucket, key);
        if (!_live.Drop(name, onlyETag))
        {
            await _work.RunAsync(token => RemoveAsync(name, onlyETag, token), cancellationToken);
        }
        else if (onlyETag is null)
        {
            // What is on its way is taken out when it has arrived, and not found until then. What was there before it goes with it.
            _work.Start(token => RemoveQuietlyAsync(name, token));
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<HeldRow> ListAsync(string bucket, string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // What is known here is found by reads, whatever became of it in the store: it is compared as well.
        var known = new Queue<HeldRow>(_live.Rows(bucket, prefix, after));
        var stored = _listing.ListAsync(bucket, prefix, after, cancellationToken);
        await foreach (var row in _placed is null ? stored : MergedAsync(stored, _placed.ListAsync(bucket, prefix, after, cancellationToken), cancellationToken))
        {
            while (known.TryPeek(out var first) && Utf8Order.Compare(first.Key, row.Key) <= 0)
            {
                known.Dequeue();
                if (first != row)
                {
                    yield return first;
                }
            }

            yield return row;
        }

        foreach (var row in known)
        {
            yield return row;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _sweep.DisposeAsync();
        await _work.DisposeAsync();
    }

    /// <summary>Rows of both places, in their keys' order.</summary>
    private static async IAsyncEnumerable<HeldRow> MergedAsync(
        IAsyncEnumerable<HeldRow> one, IAsyncEnumerable<HeldRow> other, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var ones = one.GetAsyncEnumerator(cancellationToken);
        await using var others = other.GetAsyncEnumerator(cancellationToken);
        var (hasOne, hasOther) = (await ones.MoveNextAsync(), await others.MoveNextAsync());
        while (hasOne || hasOther)
        {
            if (hasOne && (!hasOther || Utf8Order.Compare(ones.Current.Key, others.Current.Key) <= 0))
            {
                yield return ones.Current;
                hasOne = await ones.MoveNextAsync();
            }
            else
            {
                yield return others.Current;
                hasOther = await others.MoveNextAsync();
            }
        }
    }

    private async Task RemoveAsync(ObjectName name, string? onlyETag, CancellationToken cancellationToken)
    {
        using var gate = await _gates.TakeAsync(name, cancellationToken);
        if (_placed is not null)
        {
            await _placed.RemoveAsync(name, row => onlyETag is null || ETags.Same(row.ETag, onlyETag), cancellationToken);
        }

        await _removal.RemoveAsync(
            name, suffix => onlyETag is null || HeldNames.ParseSuffix(name.Key, suffix) is not { } row || ETags.Same(row.ETag, onlyETag), cancellationToken);
    }

    private async Task RemoveQuietlyAsync(ObjectName name, CancellationToken cancellationToken)
    {
        try
        {
            await RemoveAsync(name, null, cancellationToken);
        }
        catch (Exception failure)
        {
            Log.HeldCleaningFailed(_logger, failure);
        }
    }

    private StoreCopy Lease(SharedCopy copy, StartedRead? started) => new(copy, _chunks, _publisher, _live, started);

    /// <summary>A hold on a copy, of which the caller is a user, with the read begun that the wish is for; null where the store lacks a chunk it should have.</summary>
    private async ValueTask<StoreCopy?> LeaseAsync(SharedCopy copy, HeldWish wish, CancellationToken cancellationToken)
    {
        if (!wish.ReadsBytes || copy.Layout.Size == 0 || Wanted(wish, copy.Layout.Size) is not { } wanted)
        {
            return Lease(copy, null);
        }

        try
        {
            var chunk = copy.Layout.At(wanted.First);
            if (!copy.IsStored(chunk, out _))
            {
                return Lease(copy, null);
            }

            var bytes = copy.Layout.BytesOf(chunk);
            var part = new ByteRange(wanted.First - bytes.First, Math.Min(wanted.Last, bytes.Last) - bytes.First);
            return await _chunks.OpenAsync(copy, chunk, part, cancellationToken) is { } reader ? Lease(copy, new StartedRead(chunk, part.Last, reader)) : null;
        }
        catch
        {
            _live.Release(copy);
            throw;
        }
    }

    private static ByteRange? Wanted(HeldWish wish, long size) => wish.Range is { } range ? range.Resolve(size) : new ByteRange(0, size - 1);

    /// <summary>Asks the store.</summary>
    private async Task<IHeldCopy?> LoadAsync(ObjectName name, HeldWish wish, CancellationToken cancellationToken)
    {
        var reads = wish.ReadsBytes && wish.Range is not ({ First: > Furthest } or { Suffix: 0 });
        var answer = reads
            ? await _objects.GetAsync(HeldNames.Copy(name), PartOf(wish.Range), cancellationToken)
            : await _objects.HeadAsync(HeldNames.Copy(name), cancellationToken);
        try
        {
            if (answer is null)
            {
                // Somebody in this process may have begun to fill it meanwhile.
                return _live.Use(name) is { IsDropped: false } filling ? Lease(filling, null) : null;
            }

            if (CopyHeaders.IsManifest(answer))
            {
                return await LoadManifestAsync(name, wish, answer, reads, cancellationToken);
            }

            var record = CopyHeaders.ReadWhole(answer);
            RequireName(record, name);
            if (_live.Use(name) is { } known)
            {
                return known.IsDropped ? null : Lease(known, null);
            }

            var stored = new ChunkSet(record.Info.Size == 0 ? 0 : 1);
            if (record.Info.Size > 0)
            {
                stored.Add(0);
            }

            var copy = new SharedCopy(record, stored, isManifest: false, _spool, _logger) { Users = 1 };
            StartedRead? started = null;
            if (reads && record.Info.Size > 0)
            {
                started = await StartedAsync(answer, record, cancellationToken);
                answer = null;
            }

            return Lease(copy, started);
        }
        catch (InvalidDataException failure)
        {
            Log.HeldCopyUnusable(_logger, name.Bucket, failure.Message);
            return null;
        }
        finally
        {
            answer?.Dispose();
        }
    }

    private async Task<IHeldCopy?> LoadManifestAsync(ObjectName name, HeldWish wish, WireAnswer answer, bool reads, CancellationToken cancellationToken)
    {
        var isWhole = reads && (answer.Status == 200 || (answer.ContentRange is { } part && part.Range.Length == part.Total));
        using var again = isWhole ? null : await _objects.GetAsync(HeldNames.Copy(name), null, cancellationToken);
        if (!isWhole && (again is null || !CopyHeaders.IsManifest(again)))
        {
            // Replaced between the two calls: what is there now is found by the next who looks.
            return null;
        }

        var manifest = await CopyManifest.ReadAsync(isWhole ? answer : again!, cancellationToken);
        RequireName(manifest.Record, name);
        var copy = _live.AddOrUse(new SharedCopy(manifest.Record, manifest.Chunks, isManifest: true, _spool, _logger) { IsKnownToStore = true });
        return copy.IsDropped ? null : await LeaseAsync(copy, wish, cancellationToken) ?? Lease(copy, null);
    }

    private async Task<StartedRead> StartedAsync(WireAnswer answer, CopyRecord record, CancellationToken cancellationToken)
    {
        try
        {
            var last = answer.Status == 206 && answer.ContentRange is { } part && part.Range.Last + 1 < part.Total
                ? ((part.Range.Last + 1) / HeldFrames.FrameSize * HeldFrames.BlockSize) - 1
                : record.Info.Size - 1;
            return new StartedRead(0, last, await FramedReader.OpenAsync(answer, record.Fill, 0, record.Info.Size, _time, cancellationToken));
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    /// <summary>The part of a copy's object, whose size is not known yet, that holds what is wished for; null for all of it.</summary>
    private string? PartOf(RangeHeader? range)
    {
        if (range is { Suffix: { } suffix })
        {
            return string.Create(CultureInfo.InvariantCulture, $"bytes=-{HeldFrames.OfSuffix(suffix)}");
        }

        if (range is not { First: { } first } || first >= LargestWhole)
        {
            return null;
        }

        var framed = HeldFrames.Of(new ByteRange(first, range.Value.Last ?? long.MaxValue));
        return framed.Last < long.MaxValue
            ? string.Create(CultureInfo.InvariantCulture, $"bytes={framed.First}-{framed.Last}")
            : string.Create(CultureInfo.InvariantCulture, $"bytes={framed.First}-");
    }

    private static void RequireName(CopyRecord record, ObjectName name)
    {
        if (record.Name != name)
        {
            throw new InvalidDataException("it is of another key");
        }
    }
}
