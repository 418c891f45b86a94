using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Removal;

/// <summary>
/// Copies that were dropped, and that the store did not let go: they stay known as dropped, so that nobody here finds them, and are taken
/// out in the background as soon as the store can. After the end of the process they are found again.
/// </summary>
/// <param name="live">What is known of copies.</param>
/// <param name="work">Where it is tried again.</param>
/// <param name="gates">The keys' gates.</param>
/// <param name="time">The clock.</param>
internal sealed class RemovalRetries(LiveEntries live, BackgroundWork work, NameLocks<ObjectName> gates, TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>Tries it again until it is done, or another copy has taken the place. Lets go of the dropped copy then.</summary>
    /// <param name="dropped">The copy.</param>
    /// <param name="remove">Takes out what the store has of it; called with the key's gate taken.</param>
    public void Start(SharedEntry dropped, Func<CancellationToken, Task> remove) =>
        work.Start(cancellationToken => RunAsync(dropped, remove, cancellationToken));

    private async Task RunAsync(SharedEntry dropped, Func<CancellationToken, Task> remove, CancellationToken cancellationToken)
    {
        try
        {
            var pause = First;
            do
            {
                await work.RestAsync(pause, time);
                pause = pause * 2 < Longest ? pause * 2 : Longest;
            }
            while (!work.IsClosing && !await TryAsync(dropped, remove, cancellationToken));
        }
        finally
        {
            live.LetGoDropped(dropped);
        }
    }

    private async Task<bool> TryAsync(SharedEntry dropped, Func<CancellationToken, Task> remove, CancellationToken cancellationToken)
    {
        try
        {
            using var gate = await gates.TakeAsync(dropped.Name, cancellationToken);
            if (live.IsKnown(dropped))
            {
                await remove(cancellationToken);
            }

            return true;
        }
        catch (Exception)
        {
            // That it failed was told when the copy was dropped.
            return false;
        }
    }
}
