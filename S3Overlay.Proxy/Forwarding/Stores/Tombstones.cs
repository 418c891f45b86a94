using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>The marks of deleted keys: one object in the cache bucket each.</summary>
internal sealed class Tombstones(StoreCalls calls, CacheBucket cache, ILogger logger)
{
    /// <summary>The first page: most who list look at a few. Those who go on get pages as large as they come.</summary>
    private const int FirstPage = 100;

    /// <summary>How many bodies are read at once.</summary>
    private const int Parallel = 16;

    /// <summary>Marks a key deleted; returns once the mark is kept.</summary>
    public Task PutAsync(string bucket, string key, CancellationToken cancellationToken) =>
        cache.PutAsync(CacheNames.Tombstone(bucket, key), Mark.Tombstone(bucket, key).ToBody(), cancellationToken);

    /// <summary>Whether a key is marked. One call.</summary>
    public Task<bool> HasAsync(string bucket, string key, CancellationToken cancellationToken) =>
        calls.ExistsAsync(cache.Name, CacheNames.Tombstone(bucket, key), cancellationToken);

    /// <summary>The marked keys that start with a prefix and come strictly after a key, in UTF-8 byte order.</summary>
    public async IAsyncEnumerable<string> ListAsync(
        string bucket, string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!after.StartsWith(prefix, StringComparison.Ordinal) && Utf8Order.Compare(after, prefix) > 0)
        {
            yield break;
        }

        var folder = CacheNames.Tombstones(bucket);
        var startAfter = Utf8Order.Compare(after, prefix) < 0 || after.Length == 0 ? "" : folder + CacheNames.StartAfter(after);
        var order = new RowOrder("local", logger);
        var alike = new List<string>();
        await foreach (var row in calls.ListAsync(cache.Name, folder + CacheNames.OfPrefix(prefix), startAfter, FirstPage, cancellationToken))
        {
            order.Next(row.Name);
            var name = row.Name[folder.Length..];
            if (alike.Count > 0 && !(CacheNames.IsCut(name) && CacheNames.StartOfCut(name).SequenceEqual(CacheNames.StartOfCut(alike[0].AsSpan(folder.Length)))))
            {
                foreach (var key in await KeysOfAsync(bucket, alike, prefix, after, cancellationToken))
                {
                    yield return key;
                }

                alike.Clear();
            }

            if (CacheNames.IsCut(name))
            {
                alike.Add(row.Name);
            }
            else if (CacheNames.TryDecode(name, out var key) && IsWanted(key, prefix, after))
            {
                yield return key;
            }
        }

        foreach (var key in await KeysOfAsync(bucket, alike, prefix, after, cancellationToken))
        {
            yield return key;
        }
    }

    /// <summary>The keys behind cut names that begin alike, of which only the bodies tell the order.</summary>
    private async Task<IEnumerable<string>> KeysOfAsync(string bucket, List<string> names, string prefix, string after, CancellationToken cancellationToken)
    {
        var keys = new string?[names.Count];
        await System.Threading.Tasks.Parallel.ForAsync(
            0,
            keys.Length,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken },
            async (i, token) => keys[i] = await KeyOfAsync(bucket, names[i], token));
        return keys.OfType<string>().Where(key => IsWanted(key, prefix, after)).Order(Utf8Order.Instance);
    }

    /// <summary>The key a tombstone is of; null where the tombstone has just been taken away.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable where it does not tell: leaving it out would show the remote's object again.</exception>
    private async Task<string?> KeyOfAsync(string bucket, string name, CancellationToken cancellationToken)
    {
        using var answer = await calls.GetAsync(cache.Name, name, null, cancellationToken);
        if (answer is null)
        {
            return null;
        }

        return Mark.Parse(await calls.ReadAsync(answer, Mark.Limit, cancellationToken))?.Key is { } key && CacheNames.Tombstone(bucket, key) == name
            ? key
            : throw new S3Exception(S3Errors.ServiceUnavailable, $"The object {name} in the bucket {cache.Name} should be a tombstone and does not tell its key.");
    }

    private static bool IsWanted(string key, string prefix, string after) =>
        key.StartsWith(prefix, StringComparison.Ordinal) && Utf8Order.Compare(key, after) > 0;
}
