using System.Collections.Frozen;
using System.Globalization;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Listings;
using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Remotes;

/// <summary>Any S3 endpoint as a remote.</summary>
public sealed partial class S3Remote(EndpointSettings settings, S3WireClient client, TimeProvider time) : IRemote
{
    /// <summary>The attempts when a response makes no sense.</summary>
    private const int MaxAnswers = 3;

    private volatile IReadOnlyDictionary<string, DateTimeOffset> _created = FrozenDictionary<string, DateTimeOffset>.Empty;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc/>
    public string Endpoint => settings.Name;

    /// <inheritdoc/>
    public string Name { get; init; } = "";

    /// <summary>True if a refusal to list buckets is an error. Otherwise the remote shows no buckets (rule B6).</summary>
    public bool TellsRefusals { get; init; }

    /// <inheritdoc/>
    public RemoteCondition ConditionOf(string bucket) => client.ConditionOf(bucket);

    /// <inheritdoc/>
    public DateTimeOffset? CreatedOf(string bucket) => _created.TryGetValue(bucket, out var created) ? created : null;

    /// <inheritdoc/>
    public TimeSpan? Ahead => client.Ahead;

    /// <inheritdoc/>
    public void Suspect(string bucket) => client.Suspect(bucket);

    /// <inheritdoc/>
    public ValueTask<bool> KeepsAsync(string bucket, string key, CancellationToken cancellationToken) =>
        client.KeepsAsync(bucket, key, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>A response that makes no sense is requested again, as one that ended early is.</remarks>
    public Task<RemoteResult> TryGetAsync(RemoteRead read, CancellationToken cancellationToken) =>
        TryGetAsync(read, time.GetTimestamp(), cancellationToken);

    private async Task<RemoteResult> TryGetAsync(RemoteRead read, long since, CancellationToken cancellationToken)
    {
        for (var answers = 1; ; answers++)
        {
            var result = await TryGetOnceAsync(read, since, cancellationToken);
            if (result.Failure is not { IsNonsense: true } || answers == MaxAnswers)
            {
                return result;
            }

            await Task.Delay(answers * Pause, time, cancellationToken);
        }
    }

    private async Task<RemoteResult> TryGetOnceAsync(RemoteRead read, long since, CancellationToken cancellationToken)
    {
        if (ObjectKeys.IsTooLong(read.Key))
        {
            return TooLong();
        }

        WireResponse? response = null;
        try
        {
            response = await client.SendAsync(Request("GET", read), cancellationToken, since);
            if (response.Status is not (200 or 206))
            {
                using (response)
                {
                    return await response.FailureAsync(cancellationToken);
                }
            }

            return IsDocument(read) ? await DocumentAsync(response, cancellationToken)
                : response is { Status: 200, ContentLength: null } && read.Range is null && !read.NamesPart
                    ? await MeasuredAsync(response, read, since, cancellationToken)
                : Object(response, read);
        }
        catch (RemoteException failure)
        {
            response?.Dispose();
            return failure;
        }
        catch
        {
            response?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Reads a whole object whose response has no length, as chunked responses do: a cut one would look complete. A range response has the
    /// length, and a 416 shows that the object is empty.
    /// </summary>
    private async Task<RemoteResult> MeasuredAsync(WireResponse response, RemoteRead read, long since, CancellationToken cancellationToken)
    {
        var etag = response.Header("ETag") is { } tag && ETags.IsStrong(tag) ? tag : null;
        var measured = await TryGetOnceAsync(read with { Range = "bytes=0-", IfMatch = read.IfMatch ?? etag }, since, cancellationToken);
        if (measured.Failure is { Failure: RemoteFailure.InvalidRange, ActualSize: 0 } && etag is not null)
        {
            return Empty(response);
        }

        response.Dispose();
        return measured.Failure is { Failure: RemoteFailure.Changed or RemoteFailure.InvalidRange } && read.IfMatch is null
            ? Nonsense("an object without Content-Length") : measured;
    }

    /// <inheritdoc/>
    public async Task<RemoteResult> TryHeadAsync(RemoteRead read, CancellationToken cancellationToken)
    {
        if (ObjectKeys.IsTooLong(read.Key))
        {
            return TooLong();
        }

        try
        {
            return await HeadAsync(read, time.GetTimestamp(), cancellationToken);
        }
        catch (RemoteException failure)
        {
            return failure;
        }
    }

    private async Task<RemoteResult> HeadAsync(RemoteRead read, long since, CancellationToken cancellationToken)
    {
        using var response = await client.SendAsync(Request("HEAD", read), cancellationToken, since);
        if (response.Status is 200 or 206)
        {
            // Gateways that chunk or compress bodies leave out the length of a HEAD.
            var part = response.ContentRange;
            return (response.Status == 206 ? part?.Total : response.ContentLength) is { } total
                ? new RemoteObject(response.ObjectInfo(total), response.Status, response.Status == 206 ? part?.Range : null, Stream.Null)
                : await InfoOfGetAsync(read, since, cancellationToken);
        }

        if (response.Status is 400 or 403)
        {
            // A HEAD has no document with the reason.
            return await InfoOfGetAsync(read, since, cancellationToken);
        }

        var failure = await response.FailureAsync(cancellationToken, isHead: true);
        return failure.Failure == RemoteFailure.NoSuchKey && !await BucketExistsAsync(read.Bucket, since, cancellationToken)
            ? new RemoteException(RemoteFailure.NoSuchBucket, "The bucket does not exist at the remote.")
                { Status = 404, Code = "NoSuchBucket" }
            : failure;
    }

    /// <summary>
    /// Fills in what a HEAD left out: with a GET of one byte, or of the whole object if it is empty. A part, which replaces a range, is
    /// requested and left unread.
    /// </summary>
    private async Task<RemoteResult> InfoOfGetAsync(RemoteRead read, long since, CancellationToken cancellationToken)
    {
        var got = await TryGetAsync(read.NamesPart ? read : read with { Range = "bytes=0-0" }, since, cancellationToken);
        if (got.Failure is { Failure: RemoteFailure.InvalidRange } && !read.NamesPart)
        {
            got = await TryGetAsync(read, since, cancellationToken);
        }

        await using var found = got.Found;
        return found is null ? got
            : read.NamesPart ? new RemoteObject(found.Info, found.Status, found.Status == 206 ? found.Range : null, Stream.Null)
            : new RemoteObject(found.Info, 200, null, Stream.Null);
    }

    /// <inheritdoc/>
    public async Task<RemotePage> ListAsync(RemoteListing listing, CancellationToken cancellationToken)
    {
        try
        {
            return await ListOnceAsync(listing, cancellationToken);
        }
        catch (RemoteException refused) when (ErrorCodes.IsImpossibleKey(refused.Code))
        {
            if (NearbyListing.Of(listing.Prefix, listing.Delimiter, listing.StartAfter) is not { } near)
            {
                return new RemotePage([], null);
            }

            var page = await ListAsync(listing with { Prefix = near.Prefix, Delimiter = near.Delimiter, StartAfter = near.After },
                cancellationToken);
            var isPast = page.Rows is [.., var last] && near.IsPast(last.Name);
            return new RemotePage([.. page.Rows.Where(row => near.IsMeant(row.Name))], isPast ? null : page.NextToken);
        }
    }

    private async Task<RemotePage> ListOnceAsync(RemoteListing listing, CancellationToken cancellationToken)
    {
        using var response = await client.SendAsync(new WireRequest("GET", listing.Bucket, "", ListingQueries.V2(listing),
            listing.WithRestoreStatus ? [RestoreStatus.Wish] : []), cancellationToken);
        if (response.Status != 200)
        {
            throw await response.FailureAsync(cancellationToken);
        }

        return await response.ReadAsync(settings, time, (body, token) => ListingDocument
            .ReadAsync(body, $"{settings.Role} {settings.Name}", token), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> BucketExistsAsync(string bucket, CancellationToken cancellationToken) =>
        BucketExistsAsync(bucket, time.GetTimestamp(), cancellationToken);

    private async Task<bool> BucketExistsAsync(string bucket, long since, CancellationToken cancellationToken)
    {
        using var response = await client.SendAsync(new WireRequest("HEAD", bucket), cancellationToken, since);
        return response.Status switch
        {
            < 300 or 301 or 307 or 403 => true,
            404 => false,
            400 => await IsThereAsync(bucket, since, cancellationToken),
            _ => throw await response.FailureAsync(cancellationToken, isHead: true),
        };
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LayerBucket>> ListBucketsAsync(CancellationToken cancellationToken)
    {
        using var response = await client.SendAsync(new WireRequest("GET", ""), cancellationToken);
        if (response.Status != 200)
        {
            return TellsRefusals ? throw await response.FailureAsync(cancellationToken) : [];
        }

        var buckets = await response.ReadAsync(settings, time, BucketListDocument.ReadAsync, cancellationToken);
        Note(buckets);
        return buckets;
    }

    internal void Note(IEnumerable<LayerBucket> buckets) =>
        _created = buckets.Where(static bucket => bucket.Created > DateTimeOffset.UnixEpoch).DistinctBy(static bucket => bucket.Name)
            .ToFrozenDictionary(static bucket => bucket.Name, static bucket => bucket.Created);

    /// <summary>
    /// A full-length key can be too long behind a mapping's prefix. No object can exist there, and the endpoint would report an error in
    /// the client's request.
    /// </summary>
    private static RemoteException TooLong() => new(RemoteFailure.NoSuchKey, "No object of the remote can have so long a key.")
        { Status = 404, Code = "NoSuchKey" };

    /// <summary>A bare 400 may mean an invalid bucket name or an expired token. A listing has a document with the reason.</summary>
    private async Task<bool> IsThereAsync(string bucket, long since, CancellationToken cancellationToken)
    {
        using var response = await client.SendAsync(new WireRequest("GET", bucket, "", ListingQueries.Nothing), cancellationToken, since);
        if (response.Status == 200)
        {
            return true;
        }

        var failure = await response.FailureAsync(cancellationToken);
        return failure.Failure == RemoteFailure.AccessDenied || (failure.Failure == RemoteFailure.NoSuchBucket ? false : throw failure);
    }

    private static WireRequest Request(string method, RemoteRead read)
    {
        var headers = new List<KeyValuePair<string, string>>(read.Headers) { new("x-amz-checksum-mode", "ENABLED") };
        if (read.Range is { } range)
        {
            headers.Add(new("Range", range));
        }

        if (read.IfMatch is { } ifMatch)
        {
            headers.Add(new("If-Match", ifMatch));
        }

        if (read.IfNoneMatch is { } ifNoneMatch)
        {
            headers.Add(new("If-None-Match", ifNoneMatch));
        }

        return new WireRequest(method, read.Bucket, read.Key, read.Query, headers);
    }

    /// <summary>Requests the rest of a read. Also for a part, as a range of the whole object: its bytes are known by then.</summary>
    private Func<string, string, CancellationToken, Task<WireResponse>> ResumeOf(RemoteRead read) =>
        (range, etag, cancellationToken) => client
            .SendAsync(Request("GET", read.WithoutPart() with { Range = range, IfMatch = etag, IfNoneMatch = null }), cancellationToken);
}
