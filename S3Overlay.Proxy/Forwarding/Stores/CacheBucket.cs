using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// Writes to the overlay's own bucket, which is made when there is first something to write, and anew should somebody have taken it away.
/// </summary>
/// <param name="calls">How the store is asked.</param>
/// <param name="buckets">Makes it.</param>
/// <param name="name">Its name.</param>
/// <param name="time">The clock.</param>
internal sealed class CacheBucket(StoreCalls calls, StoreBuckets buckets, string name, TimeProvider time)
{
    /// <summary>A bucket just made may not be seen at once by every server of a store.</summary>
    private const int MaxAttempts = 6;

    private static readonly KeyValuePair<string, string>[] Json = [new("Content-Type", "application/json")];

    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>Writes a document; returns once the store says that it is kept.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable or InsufficientStorage.</exception>
    public Task PutAsync(string key, WireBody body, CancellationToken cancellationToken) => PutAsync(key, body, Json, cancellationToken);

    /// <summary>Writes an object; returns once the store says that it is kept.</summary>
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

            // 409: another write of this name is under way. What it writes is the same, but it may fail.
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
