using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>Writes to the overlay's own bucket, which is made when there is first something to write, and anew should somebody have taken it away.</summary>
internal sealed class CacheBucket(StoreCalls calls, StoreBuckets buckets, StoreSettings settings, TimeProvider time)
{
    /// <summary>A bucket just made may not be seen at once by every server of a store.</summary>
    private const int MaxAttempts = 6;

    /// <summary>Its name.</summary>
    public string Name => settings.CacheBucket;

    /// <summary>Writes an object; returns once the store says that it is kept.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable or InsufficientStorage.</exception>
    public async Task PutAsync(string name, WireBody body, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            var request = new WireRequest("PUT", Name, name, "", [new("Content-Type", "application/json")]) { Body = body };
            using var answer = await calls.SendAsync(request, cancellationToken);
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
                await buckets.CreateAsync(Name, cancellationToken);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(attempt * 200), time, cancellationToken);
        }
    }
}
