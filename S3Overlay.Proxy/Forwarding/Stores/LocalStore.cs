using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>An S3 endpoint as the local layer.</summary>
internal sealed class LocalStore(StoreCalls calls, StoreSettings settings, TimeProvider time)
{
    /// <summary>A new bucket may not be visible on every server of a store at once.</summary>
    private const int MaxAttempts = 6;

    private static readonly KeyValuePair<string, string>[] Json = [new("Content-Type", "application/json")];

    public StoreCalls Calls => calls;

    public StoreSettings Settings => settings;

    public TimeProvider Time => time;

    public StoreBuckets Buckets { get; } = new(calls, settings, time);

    /// <summary>The name of the overlay's own bucket.</summary>
    public string CacheBucket => settings.CacheBucket;

    /// <summary>True if no other proxy writes to it.</summary>
    public bool IsAlone => settings.Proxies == 1;

    /// <summary>Writes a document to the cache bucket. Returns once the store has it.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable or InsufficientStorage.</exception>
    public Task PutAsync(string key, WireBody body, CancellationToken cancellationToken) => PutAsync(key, body, Json, cancellationToken);

    /// <summary>
    /// Writes an object to the cache bucket, which is created for the first write, and again if it was removed. Returns once the store has
    /// it.
    /// </summary>
    /// <exception cref="S3Exception">ServiceUnavailable or InsufficientStorage.</exception>
    public async Task PutAsync(string key, WireBody body, IReadOnlyList<KeyValuePair<string, string>> headers,
        CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var response = await Calls.SendAsync(new WireRequest("PUT", CacheBucket, key, "", headers) { Body = body },
                cancellationToken);
            if (response.Status < 300)
            {
                return;
            }

            // 409: another write of this name is in progress. It has the same content, but may fail.
            if (response.Status is not (404 or 409) || attempt == MaxAttempts - 1)
            {
                throw await StoreCalls.RefusedAsync(response, cancellationToken);
            }

            if (response.Status == 404)
            {
                await Buckets.CreateAsync(CacheBucket, cancellationToken);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(attempt * 200), Time, cancellationToken);
        }
    }
}
