namespace S3Overlay.Tests.Model.Operations;

/// <summary>
/// The proxy is killed in the midst of a request, or right after it, and another one started: what it acknowledged is there, and what it
/// did not is there as a whole or not at all.
/// </summary>
/// <param name="Operation">The request.</param>
/// <param name="Step">After so many steps toward its disk or store, if there are so many.</param>
/// <param name="IsAfter">Whether the last one takes effect.</param>
/// <param name="RemoteFailures">How many requests of the remote fail meanwhile, beside what else is wrong with it; null where nothing
/// is.</param>
internal sealed record Kill(ModelOperation Operation, int Step, bool IsAfter, int? RemoteFailures = null) : ModelOperation
{
    /// <inheritdoc/>
    public override async Task RunAsync(ModelScene scene)
    {
        scene.SetFull(false);
        await scene.MendRemoteOrFailAsync(RemoteFailures);
        var doubts = Operation.MayLeave(scene).ToList();
        var copies = scene.Buckets.Select(bucket => bucket.Copies()).ToList();
        var isHeard = true;
        scene.Arm(Step, IsAfter);
        try
        {
            await Operation.RunAsync(scene);
        }
        catch (ProcessKilledException)
        {
            isHeard = false;
        }

        await scene.KillAsync();
        if (RemoteFailures is not null)
        {
            await scene.MendAsync();
        }

        // What takes copies away after the answer, too, may not have come to it.
        foreach (var (bucket, held) in scene.Buckets.Zip(copies))
        {
            bucket.MayHaveKept(held);
        }

        foreach (var bucket in scene.Buckets)
        {
            await Aftermath.LookAsync(scene, bucket, [.. doubts.Where(doubt => doubt.Bucket == bucket)], isHeard);
        }
    }
}
