namespace S3Overlay.Tests.Model.Operations;

/// <summary>
/// The store fails during a request. Acknowledged changes exist. Others exist completely or not at all.
/// Nothing else is affected, and everything works once the store does.
/// </summary>
/// <param name="Skip">The number of calls that still succeed.</param>
/// <param name="Count">The number of calls that fail after that.</param>
/// <param name="IsOfChangesAlone">Whether only those fail, and are counted, that change something.</param>
/// <param name="Restarts">Whether the proxy ends and starts again before the request, while calls fail already.</param>
/// <param name="RemoteFailures">How many remote requests fail too, in addition to other trouble of the remote. Null for
/// none.</param>
internal sealed record TroubleStore(
    ModelOperation Operation, StoreFault Fault, int Skip, int Count, bool IsOfChangesAlone, bool Restarts = false,
    int? RemoteFailures = null) : ModelOperation
{
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
            // The proxy serves reads even if the store is full (rule R3).
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

        // Evictions during or after the request may not have run, unless the request was an eviction.
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
