using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.BucketCache;

/// <summary>
/// The objects that held copies are in local's cache bucket. What fails is an <see cref="IOException"/>, as with any other place where
/// copies may be kept.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="abilities">What the store can do, as far as is known; null for nothing.</param>
internal sealed class CacheBucketObjects(LocalStore store, Func<StoreCapabilities?>? abilities = null)
{
    private const int NoPart = 416;

    private static readonly KeyValuePair<string, string>[] NoHeaders = [];

    /// <summary>
    /// For how long after its row a copy's PUT is reckoned with: far longer than any proxy waits for it, since what a store has whole it
    /// may execute when nobody waits any more, also after the end of the process that sent it.
    /// </summary>
    private static readonly TimeSpan LatestPut = TimeSpan.FromMinutes(30);

    /// <summary>Whether no other proxy puts copies.</summary>
    public bool IsAlone => store.IsAlone;

    private string Bucket => store.Cache.Name;

    /// <summary>The time of day by the store's own clock.</summary>
    public DateTimeOffset Now => store.Calls.Now;

    /// <summary>
    /// Whether a row that was put at a moment will soon be taken for one whose copy has come, if it is to come at all: to be put anew
    /// before what it lists is.
    /// </summary>
    public bool IsAgeing(DateTimeOffset put) => Now - put > LatestPut / 2;

    /// <summary>Whether a copy may come yet whose row was put at a moment, by the store's own clock.</summary>
    public bool MayComeYet(DateTimeOffset put) => Now - put < LatestPut;

    /// <summary>
    /// Reads an object, or the part of it that the value of a Range header names; null where it is not there. The answer is the caller's to
    /// dispose.
    /// </summary>
    public async Task<WireResponse?> GetAsync(string name, string? range, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(new WireRequest("GET", Bucket, name, "", range is null ? NoHeaders : [new("Range", range)]),
            cancellationToken);
        if (answer.Status == NoPart)
        {
            // It is there, and too short for what was asked; what it is tells the whole of it.
            answer.Dispose();
            answer = await SendAsync(new WireRequest("GET", Bucket, name, "", NoHeaders), cancellationToken);
        }

        return await FoundAsync(answer, cancellationToken);
    }

    /// <summary>What is known of an object; null where it is not there. The answer is the caller's to dispose.</summary>
    public async Task<WireResponse?> HeadAsync(string name, CancellationToken cancellationToken) =>
        await FoundAsync(await SendAsync(new WireRequest("HEAD", Bucket, name, "", NoHeaders), cancellationToken), cancellationToken);

    /// <summary>Writes an object.</summary>
    public async Task PutAsync(string name, WireBody body, IReadOnlyList<KeyValuePair<string, string>> headers,
        CancellationToken cancellationToken)
    {
        try
        {
            await store.Cache.PutAsync(name, body, headers, cancellationToken);
        }
        catch (S3Exception failure)
        {
            throw AsIO(failure);
        }
    }

    /// <summary>
    /// Writes an object in the place of one that has an ETag, or where there is none. A store that is not known to judge that writes it
    /// whatever is there.
    /// </summary>
    /// <param name="name">The object.</param>
    /// <param name="etag">The ETag; null for none.</param>
    /// <param name="body">What to write.</param>
    /// <param name="headers">Its headers.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False where there is another by now.</returns>
    public async Task<bool> TryPutAsync(string name, string? etag, WireBody body, IReadOnlyList<KeyValuePair<string, string>> headers,
        CancellationToken cancellationToken)
    {
        if (abilities?.Invoke()?.Conditions is not { } can || !(etag is null ? can.PutsIfNew : can.PutsIfMatch))
        {
            await PutAsync(name, body, headers, cancellationToken);
            return true;
        }

        KeyValuePair<string, string> condition = etag is null ? new("If-None-Match", "*") : new("If-Match", etag);
        using var answer = await SendAsync(new WireRequest("PUT", Bucket, name, "", [.. headers, condition]) { Body = body },
            cancellationToken);
        return answer.Status < 300
            || (answer.Status is 404 or 409 or 412 ? false : throw AsIO(await StoreCalls.RefusedAsync(answer, cancellationToken)));
    }

    /// <summary>Gives an object other metadata, its bytes staying where they are, as long as it has an ETag.</summary>
    /// <returns>False where it is another object by now, or none, or the store cannot do it.</returns>
    public async Task<bool> TryReplaceMetadataAsync(string name, string etag, IReadOnlyList<KeyValuePair<string, string>> headers,
        CancellationToken cancellationToken)
    {
        try
        {
            return await store.Calls.TryReplaceMetadataAsync(Bucket, name, etag, headers, cancellationToken);
        }
        catch (S3Exception failure)
        {
            throw AsIO(failure);
        }
    }

    /// <summary>Deletes an object; that it is not there is no error.</summary>
    public async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await store.Calls.DeleteAsync(Bucket, name, cancellationToken);
        }
        catch (S3Exception failure)
        {
            throw AsIO(failure);
        }
    }

    /// <summary>The objects whose names start with a prefix and come after a name, in order.</summary>
    public IAsyncEnumerable<ListingRow> ListAsync(string prefix, string after, CancellationToken cancellationToken) =>
        WithOwnFailuresAsync(store.Calls.ListAsync(Bucket, prefix, after, ListRequest.MaxPage, cancellationToken), cancellationToken);

    /// <summary>The folders right below a prefix, their names whole and ended by a slash.</summary>
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

    private static async Task<WireResponse?> FoundAsync(WireResponse answer, CancellationToken cancellationToken)
    {
        if (answer.Status is 200 or 206)
        {
            return answer;
        }

        using (answer)
        {
            return answer.Status == 404 ? null : throw AsIO(await StoreCalls.RefusedAsync(answer, cancellationToken));
        }
    }

    private async Task<WireResponse> SendAsync(WireRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await store.Calls.SendAsync(request, cancellationToken);
        }
        catch (S3Exception failure)
        {
            throw AsIO(failure);
        }
    }

    private static IOException AsIO(S3Exception failure) => new(failure.Message, failure);
}
