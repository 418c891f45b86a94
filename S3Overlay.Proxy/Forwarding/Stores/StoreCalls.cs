using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Listings;
using S3Overlay.Proxy.Forwarding.Remotes;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// What the overlay asks of local's S3 endpoint on its own account, signed with local's credentials and repeated where it failed for a
/// moment. Clients' own requests are not sent through here: they are forwarded as they came.
/// </summary>
internal sealed class StoreCalls(EndpointSettings settings, S3WireClient client, TimeProvider time)
{
    private static readonly KeyValuePair<string, string>[] NoHeaders = [];

    private readonly S3Remote _reads = new(settings, client, time);
    private long _ahead;

    /// <summary>The store as a layer that is read: what merges rows of two layers need not know which is which.</summary>
    public IRemote Reads => _reads;

    /// <summary>
    /// The time by the store's own clock, as its responses show it. The store's dates must not be compared with another clock.
    /// </summary>
    public DateTimeOffset Now => time.GetUtcNow() + TimeSpan.FromTicks(Volatile.Read(ref _ahead));

    /// <summary>Sends a request. The response is the caller's to judge, whatever its status below 500, and to dispose.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">The caller's patience.</param>
    /// <param name="budget">How long attempts may take together; null for as long as for any request.</param>
    /// <exception cref="S3Exception">ServiceUnavailable where the store gave no response, or only errors of its own.</exception>
    public async Task<WireResponse> SendAsync(WireRequest request, CancellationToken cancellationToken, TimeSpan? budget = null)
    {
        try
        {
            var response = await client.SendAsync(request, cancellationToken, budgetOfItsOwn: budget);
            if (HttpDates.TryParseHeader(response.Header("Date"), out var date))
            {
                Volatile.Write(ref _ahead, (date - time.GetUtcNow()).Ticks);
            }

            return response;
        }
        catch (RemoteException failure)
        {
            throw Unavailable(failure);
        }
    }

    /// <summary>Reads a response's body where it is a document.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable where it breaks off or takes too long.</exception>
    public async Task<T> ReadAsync<T>(WireResponse response, Func<Stream, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken)
    {
        try
        {
            return await response.ReadAsync(settings, time, read, cancellationToken);
        }
        catch (RemoteException broken)
        {
            throw Unavailable(broken);
        }
    }

    /// <summary>Reads so many bytes of a response's body at most.</summary>
    public Task<byte[]> ReadAsync(WireResponse response, int limit, CancellationToken cancellationToken) => ReadAsync(
        response,
        async (body, token) =>
        {
            var bytes = new byte[limit];
            return bytes[..await body.ReadAtLeastAsync(bytes, limit, throwOnEndOfStream: false, token)];
        },
        cancellationToken);

    /// <summary>Whether a bucket is there.</summary>
    /// <exception cref="S3Exception">
    /// AccessDenied if it belongs to another account; ServiceUnavailable if the store does not say.
    /// </exception>
    public async Task<bool> BucketExistsAsync(string bucket, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(new WireRequest("HEAD", bucket), cancellationToken);
        if (response.Status is not (400 or 403))
        {
            return response.Status < 300 || (response.Status == 404 ? false : throw Refused(response.Status, ""));
        }

        // A HEAD has no document that would say why: whose the bucket is, that no bucket can have the name, that these credentials have
        // expired.
        using var explained = await SendAsync(new WireRequest("GET", bucket, "", ListingQueries.Nothing), cancellationToken);
        if (explained.Status < 300)
        {
            return true;
        }

        var error = await explained.ErrorAsync(cancellationToken);
        return ErrorCodes.IsAbsence(error.Code) ? false
            : throw (error.Code is "AccessDenied" or "AllAccessDisabled"
                ? new S3Exception(S3Errors.AccessDenied, "At the local store the bucket belongs to another account, or may not be listed.")
                : Refused(explained.Status, error.Code));
    }

    /// <summary>Whether an object of the overlay's own is there.</summary>
    public async Task<bool> ExistsAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(new WireRequest("HEAD", bucket, key), cancellationToken);
        return response.Status switch
        {
            < 300 => true,
            404 => false,
            _ => throw Refused(response.Status, ""),
        };
    }

    /// <summary>
    /// Reads an object, or the part of it that the value of a Range header names; null where there is none, or nothing of that range. The
    /// response is the caller's to dispose.
    /// </summary>
    public async Task<WireResponse?> GetAsync(string bucket, string key, string? range, CancellationToken cancellationToken)
    {
        var response = await SendAsync(new WireRequest("GET", bucket, key, "", range is null ? NoHeaders : [new("Range", range)]),
            cancellationToken);
        if (response.Status is 200 or 206)
        {
            return response;
        }

        using (response)
        {
            return response.Status is 404 or 416 ? null : throw await RefusedAsync(response, cancellationToken);
        }
    }

    /// <summary>Writes an object.</summary>
    /// <returns>Whether it was written; false where a condition among the headers did not hold.</returns>
    public async Task<bool> PutAsync(
        string bucket, string key, WireBody body, IReadOnlyList<KeyValuePair<string, string>> headers, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(new WireRequest("PUT", bucket, key, "", headers) { Body = body }, cancellationToken);
        return response.Status is 409 or 412 ? false : response.Status < 300 ? true : throw await RefusedAsync(response, cancellationToken);
    }

    /// <summary>Copies an object onto itself with other metadata, as long as it has an ETag.</summary>
    /// <returns>False where it is another object by now, or none, or the store cannot do it.</returns>
    public async Task<bool> TryReplaceMetadataAsync(
        string bucket, string key, string etag, IReadOnlyList<KeyValuePair<string, string>> headers, CancellationToken cancellationToken)
    {
        KeyValuePair<string, string>[] copy =
        [
            .. headers,
            new("x-amz-copy-source", $"/{bucket}/{UriEncoding.EncodeKey(key)}"),
            new("x-amz-copy-source-if-match", etag),
            new("x-amz-metadata-directive", "REPLACE"),
        ];
        using var response =
            await SendAsync(new WireRequest("PUT", bucket, key, "", copy) { Body = WireBody.Of(ReadOnlyMemory<byte>.Empty) },
            cancellationToken);

        // A copy may fail within a 200.
        return response.Status == 200 && (await response.ErrorAsync(cancellationToken)).Code.Length == 0;
    }

    /// <summary>Deletes an object; that it is not there is no error.</summary>
    public async Task DeleteAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(new WireRequest("DELETE", bucket, key), cancellationToken);
        if (response.Status is not (< 300 or 404))
        {
            throw await RefusedAsync(response, cancellationToken);
        }
    }

    /// <summary>
    /// The objects of a bucket whose names start with a prefix and come after a name, in the store's order; none where the bucket is not
    /// there. The first page is of the size given, later ones as large as pages may be.
    /// </summary>
    public IAsyncEnumerable<ListingRow> ListAsync(string bucket, string prefix, string after, int pageSize,
        CancellationToken cancellationToken) => ListAsync(new RemoteListing(bucket, prefix, "", after, null, pageSize), cancellationToken);

    /// <summary>The folders right below a prefix, their names whole and ended by a slash; none where the bucket is not there.</summary>
    public IAsyncEnumerable<string> ListFoldersAsync(string bucket, string prefix, CancellationToken cancellationToken) =>
        ListAsync(new RemoteListing(bucket, prefix, "/", "", null, ListRequest.MaxPage), cancellationToken)
            .Where(static row => row.IsPrefix).Select(static row => row.Name);

    private async IAsyncEnumerable<ListingRow> ListAsync(RemoteListing listing,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await PageAsync(listing, cancellationToken);
            foreach (var row in page.Rows)
            {
                yield return row;
            }

            if (page.NextToken is null)
            {
                yield break;
            }

            listing = listing with { StartAfter = "", ContinuationToken = page.NextToken, MaxKeys = ListRequest.MaxPage };
        }
    }

    /// <summary>One page of a bucket's versions; empty where the bucket is not there.</summary>
    /// <exception cref="S3Exception">NotImplemented where the store does not know the question; AccessDenied where it may not be asked;
    /// ServiceUnavailable where it gave no response of use.</exception>
    public async Task<VersionPage> VersionsAsync(VersionListing listing, CancellationToken cancellationToken)
    {
        try
        {
            return await VersionsOnceAsync(listing, cancellationToken);
        }
        catch (RemoteException failure) when (ErrorCodes.IsImpossibleKey(failure.Code))
        {
            if (NearbyListing.Of(listing.Prefix, listing.Delimiter, listing.KeyMarker) is not { } near)
            {
                return new VersionPage([], null);
            }

            // A marker's version is that of its very key.
            var version = near.After == listing.KeyMarker ? listing.VersionIdMarker : "";
            var page = await VersionsAsync(
                listing with { Prefix = near.Prefix, Delimiter = near.Delimiter, KeyMarker = near.After, VersionIdMarker = version },
                cancellationToken);
            var isPast = page.Rows is [.., var last] && near.IsPast(last.Name);
            return new VersionPage([.. page.Rows.Where(row => near.IsMeant(row.Name))], isPast ? null : page.NextMarker);
        }
        catch (RemoteException failure)
            when (failure.Status == 400 && failure.Code == S3Errors.InvalidArgument.Code && listing.VersionIdMarker.Length > 0)
        {
            // Which ids there can be only the store knows; its own it takes.
            throw MarkerPage.NoVersion(listing.VersionIdMarker);
        }
        catch (RemoteException failure)
        {
            throw Refusal(failure);
        }
    }

    private async Task<VersionPage> VersionsOnceAsync(VersionListing listing, CancellationToken cancellationToken)
    {
        using var response = await client.SendAsync(new WireRequest("GET", listing.Bucket, "", ListingQueries.Versions(listing),
            listing.WithRestoreStatus ? [RestoreStatus.Wish] : NoHeaders), cancellationToken);
        if (response.Status == 200)
        {
            return await ReadAsync(response, (body, token) => ListingDocument
                .ReadVersionsAsync(body, $"{settings.Role} {settings.Name}", token), cancellationToken);
        }

        var refused = await response.FailureAsync(cancellationToken);
        return response.Status == 404 || refused.Failure == RemoteFailure.NoSuchBucket ? new VersionPage([], null) : throw refused;
    }

    /// <summary>The client's error for a listing that the store refuses: AccessDenied if the bucket may not be listed.</summary>
    internal static S3Exception Unlisted(RemoteException failure) => failure.Failure == RemoteFailure.AccessDenied
        ? new S3Exception(S3Errors.AccessDenied, "At the local store the bucket may not be listed.", failure) : Unavailable(failure);

    private static S3Exception Refusal(RemoteException failure) =>
        failure.Status is 501 or 405 || failure.Code == S3Errors.NotImplemented.Code
            ? new S3Exception(S3Errors.NotImplemented, "The local store does not list versions.", failure)
        : failure.Failure == RemoteFailure.AccessDenied ? Unlisted(failure)
        : failure.Status is > 0 and < 500 ? Refused(failure.Status, failure.Code)
        : Unavailable(failure);

    private async Task<RemotePage> PageAsync(RemoteListing listing, CancellationToken cancellationToken)
    {
        try
        {
            return await _reads.ListAsync(listing, cancellationToken);
        }
        catch (RemoteException missing) when (missing.Failure == RemoteFailure.NoSuchBucket)
        {
            return new RemotePage([], null);
        }
        catch (RemoteException failure)
        {
            throw Unavailable(failure);
        }
    }

    /// <summary>What a response means that the overlay has no use for.</summary>
    internal static async Task<S3Exception> RefusedAsync(WireResponse response, CancellationToken cancellationToken) =>
        Refused(response.Status, (await response.ErrorAsync(cancellationToken)).Code);

    /// <summary>
    /// What the store's failure is to a client: never one of the remote, which a setting may allow to be passed over. A refusal's own words
    /// do not say whose it is.
    /// </summary>
    internal static S3Exception Unavailable(RemoteException failure) => S3Exception.ForNow(Means(failure),
        failure.Failure == RemoteFailure.Throttled ? 5 : 2, failure.Status is >= 300 and < 500 ? Answered(failure.Status, failure.Code)
            : "The local store could not be reached, or did not answer in time.",
        failure);

    /// <summary>
    /// The client's error when the store refuses the overlay's own state. Clients see a full store; everything else is for the operator and
    /// temporary.
    /// </summary>
    private static S3Exception Refused(int status, string code) => S3Exception.ForNow(
        IsFull(status, code) ? S3Errors.InsufficientStorage : S3Errors.ServiceUnavailable, 2, Answered(status, code));

    private static string Answered(int status, string code) => $"The local store answered {status} {code}".TrimEnd()
        + " to the overlay's own request.";

    private static S3Error Means(RemoteException failure) =>
        failure.Failure == RemoteFailure.Throttled ? S3Errors.SlowDown
        : IsFull(failure.Status, failure.Code) ? S3Errors.InsufficientStorage
        : S3Errors.ServiceUnavailable;

    private static bool IsFull(int status, string code) => status == 507
        || code is "InsufficientStorage" or "QuotaExceeded" or "XMinioStorageFull";
}
