namespace S3Overlay.Tests.Model.Operations;

/// <summary>
/// The proxy is killed during a request, or right after it, and another one starts. What it acknowledged is there. What it did not
/// acknowledge is there as a whole or not at all.
/// </summary>
/// <param name="Operation">The request.</param>
/// <param name="Step">The step toward its disk or store at which it is killed, if it gets that far.</param>
/// <param name="IsAfter">Whether the last one takes effect.</param>
/// <param name="RemoteFailures">How many remote requests fail during this, in addition to other trouble of the remote. Null if nothing else
/// is wrong.</param>
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

        // Evictions that follow the response may not have run.
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
