namespace S3Overlay.Tests.Model.Operations;

/// <summary>
/// The store fails during a request. What the proxy acknowledges is there. What it does not acknowledge is there as a whole or not at all.
/// Nothing else is affected, and all is well once the store is.
/// </summary>
/// <param name="Operation">The request.</param>
/// <param name="Fault">How calls fail.</param>
/// <param name="Skip">The number of calls that still succeed.</param>
/// <param name="Count">The number of calls that fail after that.</param>
/// <param name="IsOfChangesAlone">Whether only those fail, and are counted, that change something.</param>
/// <param name="Restarts">Whether the proxy ends and starts again before the request, while calls fail already.</param>
/// <param name="RemoteFailures">How many requests of the remote fail as well, beside what else is wrong with it; null where nothing
/// is.</param>
internal sealed record TroubleStore(
    ModelOperation Operation, StoreFault Fault, int Skip, int Count, bool IsOfChangesAlone, bool Restarts = false,
    int? RemoteFailures = null) : ModelOperation
{
    /// <inheritdoc/>
    public override async Task RunAsync(ModelScene scene)
    {
        scene.SetFull(false);
        await scene.MendRemoteOrFailAsync(RemoteFailures);
        var doubts = Operation.MayLeave(scene).ToList();
        var copies = scene.Buckets.Select(bucket => bucket.Copies()).ToList();
        scene.DoubtEntries();
        var isHeard = true;
        scene.StoreTrouble.Begin(Fault, Skip, Count, IsOfChangesAlone);
        try
        {
            if (Restarts)
            {
                await scene.RestartAsync();
            }

            await Operation.RunAsync(scene);
        }
        catch (StoreFailedException)
        {
            // A store that keeps nothing does not keep the proxy from showing what there is (rule R3).
            Expect.That(!IsOfChangesAlone || RemoteFailures is not null
                || Operation is not (ReadObject or ReadPart), "A read failed for what it would have kept.");
            isHeard = false;
        }

        var hasHappened = scene.StoreTrouble.Happened;
        scene.StoreTrouble.End();
        if (Restarts)
        {
            await scene.ProbeAsync();
        }

        if (!hasHappened)
        {
            return;
        }

        scene.DoubtEntries();
        if (RemoteFailures is not null)
        {
            await scene.MendAsync();
        }

        // Evictions beside or after the request may not have run, unless the request was an eviction.
        foreach (var (bucket, held) in scene.Buckets.Zip(copies).Where(_ => !isHeard || Operation is not Evict))
        {
            bucket.MayHaveKept(held);
        }

        foreach (var bucket in scene.Buckets)
        {
            await Aftermath.LookAsync(scene, bucket, [.. doubts.Where(doubt => doubt.Bucket == bucket)], isHeard);
        }
    }
}
