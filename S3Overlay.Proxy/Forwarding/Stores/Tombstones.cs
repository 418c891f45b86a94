using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>Tombstones: one object in the cache bucket per deleted key.</summary>
internal sealed class Tombstones(LocalStore store, ILogger logger)
{
    /// <summary>The first page. Most listings need few rows; later pages are as large as possible.</summary>
    private const int FirstPage = 100;

    private const int Parallel = 16;

    /// <summary>Writes a tombstone. Returns once the store has it.</summary>
    public Task PutAsync(Mark mark, CancellationToken cancellationToken) =>
        store.PutAsync(CacheNames.Tombstone(mark.Bucket, mark.Key!), mark.ToBody(), cancellationToken);

    /// <summary>True if a key has a tombstone. One call.</summary>
    public Task<bool> HasAsync(string bucket, string key, CancellationToken cancellationToken) =>
        store.Calls.ExistsAsync(store.CacheBucket, CacheNames.Tombstone(bucket, key), cancellationToken);

    /// <summary>The tombstone of a key; null without one. One call.</summary>
    public async Task<Tombstone?> FindAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        using var response = await store.Calls.SendAsync(new WireRequest("HEAD", store.CacheBucket, CacheNames.Tombstone(bucket, key)),
            cancellationToken);
        return response.Status == 404 ? null
            : response.Status >= 300 ? throw await StoreCalls.RefusedAsync(response, cancellationToken)
            : Show(key, response);
    }

    /// <summary>The tombstone of a key with its body; null without one. One call.</summary>
    public async Task<Tombstone?> FindNamedAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        using var response = await store.Calls.GetAsync(store.CacheBucket, CacheNames.Tombstone(bucket, key), null, cancellationToken);
        if (response is null)
        {
            return null;
        }

        var mark = Mark.Parse(await store.Calls.ReadAsync(response, Mark.Limit, cancellationToken));
        return Show(key, response) with
        {
            Marker = mark?.Marker, Over = mark?.Over, Base = RemoteBase.Parse(mark?.Base),
        };
    }

    /// <summary>Removes a tombstone.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="isConditional">True to remove it only if it has not been replaced.</param>
    /// <returns>False if another has replaced it.</returns>
    public async Task<bool> RemoveAsync(string bucket, Tombstone tombstone, bool isConditional, CancellationToken cancellationToken)
    {
        var headers = isConditional ? new KeyValuePair<string, string>[] { new("If-Match", $"\"{tombstone.Stamp}\"") } : [];
        var name = CacheNames.Tombstone(bucket, tombstone.Key);
        using var response = await store.Calls.SendAsync(new WireRequest("DELETE", store.CacheBucket, name, "", headers),
            cancellationToken);
        return response.Status is < 300 or 404
            || (response.Status is 409 or 412 ? false : throw await StoreCalls.RefusedAsync(response, cancellationToken));
    }

    /// <summary>Removes all tombstones of a bucket.</summary>
    public Task ClearAsync(string bucket, CancellationToken cancellationToken) => System.Threading.Tasks.Parallel.ForEachAsync(
        store.Calls.ListAsync(store.CacheBucket, CacheNames.Tombstones(bucket), "", ListRequest.MaxPage, cancellationToken),
        new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken },
        async (row, token) => await store.Calls.DeleteAsync(store.CacheBucket, row.Name, token));

    /// <summary>The deleted keys with a prefix, after a key, in UTF-8 byte order, with their tombstones.</summary>
    public async IAsyncEnumerable<Tombstone> ListAsync(
        string bucket, string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!after.StartsWith(prefix, StringComparison.Ordinal) && Utf8Order.Compare(after, prefix) > 0)
        {
            yield break;
        }

        var folder = CacheNames.Tombstones(bucket);
        var startAfter = Utf8Order.Compare(after, prefix) < 0 || after.Length == 0 ? "" : folder + CacheNames.StartAfter(after);
        var order = new RowOrder("local", logger);
        var alike = new List<ListingRow>();
        await foreach (var row in store.Calls.ListAsync(store.CacheBucket, folder + CacheNames.OfPrefix(prefix), startAfter, FirstPage,
                cancellationToken))
        {
            order.Next(row.Name);
            var name = row.Name[folder.Length..];
            if (alike.Count > 0 && !(CacheNames.IsCut(name) && CacheNames.StartOfCut(name)
                .SequenceEqual(CacheNames.StartOfCut(alike[0].Name.AsSpan(folder.Length)))))
            {
                foreach (var tombstone in await OfCutAsync(bucket, alike, prefix, after, cancellationToken))
                {
                    yield return tombstone;
                }

                alike.Clear();
            }

            if (CacheNames.IsCut(name))
            {
                alike.Add(row);
            }
            else if (CacheNames.TryDecode(name, out var key) && IsWanted(key, prefix, after))
            {
                yield return Show(key, row);
            }
        }

        foreach (var tombstone in await OfCutAsync(bucket, alike, prefix, after, cancellationToken))
        {
            yield return tombstone;
        }
    }

    private static Tombstone Show(string key, WireResponse response) =>
        new(key, ETags.Bare(response.Header("ETag")).ToString(), HttpDates.TryParseHeader(response.Header("Last-Modified"), out var made)
            ? made : null);

    private static Tombstone Show(string key, ListingRow row) =>
        new(key, ETags.Bare(row.Object?.ETag).ToString(), row.Object?.LastModified);

    /// <summary>Tombstones with equal cut names: only their bodies show the keys and their order.</summary>
    private async Task<IEnumerable<Tombstone>> OfCutAsync(
        string bucket, List<ListingRow> rows, string prefix, string after, CancellationToken cancellationToken)
    {
        var keys = new string?[rows.Count];
        await System.Threading.Tasks.Parallel.ForAsync(0, keys.Length,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken },
            async (i, token) => keys[i] = await KeyOfAsync(bucket, rows[i].Name, token));
        return keys.Zip(rows)
            .Where(pair => pair.First is { } key && IsWanted(key, prefix, after))
            .Select(pair => Show(pair.First!, pair.Second))
            .OrderBy(tombstone => tombstone.Key, Utf8Order.Instance);
    }

    /// <summary>The key of a tombstone; null if it was just removed.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable if the body has no key: skipping it would show the remote's object.</exception>
    private async Task<string?> KeyOfAsync(string bucket, string name, CancellationToken cancellationToken)
    {
        using var response = await store.Calls.GetAsync(store.CacheBucket, name, null, cancellationToken);
        if (response is null)
        {
            return null;
        }

        return Mark.Parse(await store.Calls.ReadAsync(response, Mark.Limit, cancellationToken))?.Key is { } key
            && CacheNames.Tombstone(bucket, key) == name
            ? key : throw new S3Exception(S3Errors.ServiceUnavailable,
                $"The object {name} in the bucket {store.CacheBucket} should be a tombstone but does not name its key.");
    }

    private static bool IsWanted(string key, string prefix, string after) =>
        key.StartsWith(prefix, StringComparison.Ordinal) && Utf8Order.Compare(key, after) > 0;
}
