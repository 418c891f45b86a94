using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.BucketCache;

/// <summary>The objects of the cache bucket. Failures are <see cref="IOException"/>s, as in any cache store.</summary>
/// <param name="abilities">The store's capabilities; null while unknown.</param>
internal sealed class CacheBucketObjects(LocalStore store, Func<StoreCapabilities?>? abilities = null)
{
    private const int NoPart = 416;

    private static readonly KeyValuePair<string, string>[] NoHeaders = [];

    /// <summary>
    /// How long after its row an entry's PUT may still take effect. Far longer than any proxy waits: a store may execute a complete request
    /// later, even after the sender has died.
    /// </summary>
    private static readonly TimeSpan LatestPut = TimeSpan.FromMinutes(30);

    /// <summary>True if no other proxy writes entries.</summary>
    public bool IsAlone => store.IsAlone;

    private string Bucket => store.CacheBucket;

    /// <summary>The store's clock.</summary>
    public DateTimeOffset Now => store.Calls.Now;

    /// <summary>True if a row is so old that it must be written again before its entry is uploaded.</summary>
    public bool IsAgeing(DateTimeOffset put) => Now - put > LatestPut / 2;

    /// <summary>True if the entry of a row written at this time may still arrive, by the store's clock.</summary>
    public bool MayComeYet(DateTimeOffset put) => Now - put < LatestPut;

    /// <summary>Reads an object or the range of a Range header; null if it does not exist. The caller disposes the response.</summary>
    public async Task<WireResponse?> GetAsync(string name, string? range, CancellationToken cancellationToken)
    {
        var response = await SendAsync(new WireRequest("GET", Bucket, name, "", range is null ? NoHeaders : [new("Range", range)]),
            cancellationToken);
        if (response.Status == NoPart)
        {
            // The object is shorter than the requested range: read all of it.
            response.Dispose();
            response = await SendAsync(new WireRequest("GET", Bucket, name), cancellationToken);
        }

        return await FoundAsync(response, cancellationToken);
    }

    /// <summary>The headers of an object; null if it does not exist. The caller disposes the response.</summary>
    public async Task<WireResponse?> HeadAsync(string name, CancellationToken cancellationToken) =>
        await FoundAsync(await SendAsync(new WireRequest("HEAD", Bucket, name), cancellationToken), cancellationToken);

    /// <summary>Writes an object.</summary>
    public Task PutAsync(string name, WireBody body, IReadOnlyList<KeyValuePair<string, string>> headers,
        CancellationToken cancellationToken) => AsIOAsync(store.PutAsync(name, body, headers, cancellationToken));

    /// <summary>
    /// Writes an object only over the given ETag, or only if there is none. A store that cannot judge this writes it unconditionally.
    /// </summary>
    /// <param name="name">The object.</param>
    /// <param name="etag">The ETag; null for none.</param>
    /// <param name="body">What to write.</param>
    /// <param name="headers">Its headers.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False if there is another by now.</returns>
    public async Task<bool> TryPutAsync(string name, string? etag, WireBody body, IReadOnlyList<KeyValuePair<string, string>> headers,
        CancellationToken cancellationToken)
    {
        if (abilities?.Invoke()?.Conditions is not { } can || !(etag is null ? can.PutsIfNew : can.PutsIfMatch))
        {
            await PutAsync(name, body, headers, cancellationToken);
            return true;
        }

        KeyValuePair<string, string> condition = etag is null ? new("If-None-Match", "*") : new("If-Match", etag);
        using var response = await SendAsync(new WireRequest("PUT", Bucket, name, "", [.. headers, condition]) { Body = body },
            cancellationToken);
        if (response.Status == 404 && etag is null)
        {
            // The first write creates the bucket. The caller tries again.
            await AsIOAsync(store.Buckets.CreateAsync(Bucket, cancellationToken));
        }

        return response.Status < 300
            || (response.Status is 404 or 409 or 412 ? false : throw AsIO(await StoreCalls.RefusedAsync(response, cancellationToken)));
    }

    /// <summary>Replaces an object's metadata, but not its bytes, if it has the ETag.</summary>
    /// <returns>False if the object has changed or is gone, or the store cannot do this.</returns>
    public Task<bool> TryReplaceMetadataAsync(string name, string etag, IReadOnlyList<KeyValuePair<string, string>> headers,
        CancellationToken cancellationToken) =>
        AsIOAsync(store.Calls.TryReplaceMetadataAsync(Bucket, name, etag, headers, cancellationToken));

    /// <summary>Deletes an object. A missing object is no error.</summary>
    public Task DeleteAsync(string name, CancellationToken cancellationToken) =>
        AsIOAsync(store.Calls.DeleteAsync(Bucket, name, cancellationToken));

    /// <summary>The objects with a prefix, after a name, in order.</summary>
    public IAsyncEnumerable<ListingRow> ListAsync(string prefix, string after, CancellationToken cancellationToken) =>
        WithOwnFailuresAsync(store.Calls.ListAsync(Bucket, prefix, after, ListRequest.MaxPage, cancellationToken), cancellationToken);

    /// <summary>The folders directly under a prefix, as full names with a trailing slash.</summary>
    public IAsyncEnumerable<string> ListFoldersAsync(string prefix, CancellationToken cancellationToken) =>
        WithOwnFailuresAsync(store.Calls.ListFoldersAsync(Bucket, prefix, cancellationToken), cancellationToken);

    private static async IAsyncEnumerable<T> WithOwnFailuresAsync<T>(IAsyncEnumerable<T> rows,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var walking = rows.GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            try
            {
                if (!await walking.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (S3Exception failure)
            {
                throw AsIO(failure);
            }

            yield return walking.Current;
        }
    }

    private static async Task<WireResponse?> FoundAsync(WireResponse response, CancellationToken cancellationToken)
    {
        if (response.Status is 200 or 206)
        {
            return response;
        }

        using (response)
        {
            return response.Status == 404 ? null : throw AsIO(await StoreCalls.RefusedAsync(response, cancellationToken));
        }
    }

    private Task<WireResponse> SendAsync(WireRequest request, CancellationToken cancellationToken) =>
        AsIOAsync(store.Calls.SendAsync(request, cancellationToken));

    private static async Task AsIOAsync(Task call)
    {
        try
        {
            await call;
        }
        catch (S3Exception failure)
        {
            throw AsIO(failure);
        }
    }

    private static async Task<T> AsIOAsync<T>(Task<T> call)
    {
        await AsIOAsync((Task)call);
        return await call;
    }

    private static IOException AsIO(S3Exception failure) => new(failure.Message, failure);
}
