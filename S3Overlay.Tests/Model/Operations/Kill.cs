namespace S3Overlay.Tests.Model.Operations;

/// <summary>
/// The proxy is killed during or right after a request, and another one starts. Acknowledged changes exist. Others exist
/// completely or not at all.
/// </summary>
/// <param name="Step">The step toward its disk or store at which it is killed, if it gets that far.</param>
/// <param name="IsAfter">Whether the last one takes effect.</param>
/// <param name="RemoteFailures">How many remote requests fail during this, in addition to other trouble of the remote. Null if nothing else
/// is wrong.</param>
internal sealed record Kill(ModelOperation Operation, int Step, bool IsAfter, int? RemoteFailures = null) : ModelOperation
{
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
