using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>Writes to the cache bucket. Creates it for the first write, and again if it was removed.</summary>
/// <param name="time">The clock.</param>
internal sealed class CacheBucket(StoreCalls calls, StoreBuckets buckets, string name, TimeProvider time)
{
    /// <summary>A new bucket may not be visible on every server of a store at once.</summary>
    private const int MaxAttempts = 6;

    private static readonly KeyValuePair<string, string>[] Json = [new("Content-Type", "application/json")];

    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>Writes a document. Returns once the store has it.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable or InsufficientStorage.</exception>
    public Task PutAsync(string key, WireBody body, CancellationToken cancellationToken) => PutAsync(key, body, Json, cancellationToken);

    /// <summary>Writes an object. Returns once the store has it.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable or InsufficientStorage.</exception>
    public async Task PutAsync(string key, WireBody body, IReadOnlyList<KeyValuePair<string, string>> headers,
        CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var answer = await calls.SendAsync(new WireRequest("PUT", name, key, "", headers) { Body = body }, cancellationToken);
            if (answer.Status < 300)
            {
                return;
            }

            // 409: another write of this name is in progress. It has the same content, but may fail.
            if (answer.Status is not (404 or 409) || attempt == MaxAttempts - 1)
            {
                throw await StoreCalls.RefusedAsync(answer, cancellationToken);
            }

            if (answer.Status == 404)
            {
                await buckets.CreateAsync(name, cancellationToken);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(attempt * 200), time, cancellationToken);
        }
    }
}
