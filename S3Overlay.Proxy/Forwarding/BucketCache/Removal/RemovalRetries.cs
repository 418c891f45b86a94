using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Removal;

/// <summary>
/// Retries removals that the store refused. The entries stay known as evicted, so they are not found here, and are removed as soon as the
/// store allows. After a restart they would be found again.
/// </summary>
/// <param name="live">What is known of entries.</param>
/// <param name="work">Where it is tried again.</param>
/// <param name="gates">The keys' gates.</param>
/// <param name="time">The clock.</param>
internal sealed class RemovalRetries(LiveEntries live, BackgroundWork work, NameLocks<ObjectName> gates, TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>Retries until it succeeds or another entry replaces it. Then releases the evicted entry.</summary>
    /// <param name="evicted">The entry.</param>
    /// <param name="remove">Removes it from the store; called with the key's gate.</param>
    public void Start(SharedEntry evicted, Func<CancellationToken, Task> remove) =>
        work.Start(cancellationToken => RunAsync(evicted, remove, cancellationToken));

    private async Task RunAsync(SharedEntry evicted, Func<CancellationToken, Task> remove, CancellationToken cancellationToken)
    {
        try
        {
            var pause = First;
            do
            {
                await work.RestAsync(pause, time);
                pause = pause * 2 < Longest ? pause * 2 : Longest;
            }
            while (!work.IsClosing && !await TryAsync(evicted, remove, cancellationToken));
        }
        finally
        {
            live.EndWork(evicted, isEviction: true);
        }
    }

    private async Task<bool> TryAsync(SharedEntry evicted, Func<CancellationToken, Task> remove, CancellationToken cancellationToken)
    {
        try
        {
            using var gate = await gates.TakeAsync(evicted.Name, cancellationToken);
            if (live.IsKnown(evicted))
            {
                await remove(cancellationToken);
            }

            return true;
        }
        catch (Exception)
        {
            // The failure was logged at the eviction.
            return false;
        }
    }
}
