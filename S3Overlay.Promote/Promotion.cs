using S3Overlay.Promote.Sending;
using S3Overlay.Promote.Stores;
using S3Overlay.Promote.Wire;

namespace S3Overlay.Promote;

/// <summary>Sends all changes of a plan, several at a time.</summary>
internal sealed class Promotion(IOverlay overlay, PromoteOptions options, Signing sign)
{
    /// <summary>Sends them.</summary>
    /// <param name="plan">The changes.</param>
    /// <param name="tally">Receives progress.</param>
    /// <param name="ended">Gets each outcome, one at a time.</param>
    /// <param name="moved">Called when there is progress.</param>
    /// <param name="cancellationToken">Stops it. What is sent stays sent; uploads in parts go on in the next run.</param>
    /// <exception cref="PromoteException">No further key can be sent.</exception>
    public async Task RunAsync(
        Plan plan, Tally tally, Func<KeyOutcome, Task> ended, Action moved, CancellationToken cancellationToken)
    {
        using var upstreams = new Upstreams(options, sign);
        using var slots = new BodySlots(options.Transfers);
        using var turn = new SemaphoreSlim(1);
        var keys = new KeyPromotion(overlay, upstreams, options, slots, bytes =>
        {
            tally.Add(bytes);
            moved();
        });
        try
        {
            await Parallel.ForEachAsync(plan.ReadAsync(cancellationToken),
                new ParallelOptions { MaxDegreeOfParallelism = options.Transfers, CancellationToken = cancellationToken },
                async (change, token) =>
                {
                    var outcome = await keys.RunAsync(change, token);
                    tally.Add(outcome, mustRevert: !options.Keep);
                    moved();
                    await turn.WaitAsync(CancellationToken.None);
                    try
                    {
                        await ended(outcome);
                    }
                    finally
                    {
                        turn.Release();
                    }
                });
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // A revert that took too long, of an object that has been sent.
            throw new PromoteException("The proxy does not answer. What was sent stays sent; run the command again.");
        }
    }
}
