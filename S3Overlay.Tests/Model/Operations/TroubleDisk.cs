using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model.Operations;

/// <summary>
/// The disk of the built-in store is full or fails at some steps of a request. Reads work. Acknowledged changes exist, and
/// refused ones do not, except for deletes in two steps or one for each key (table F). The next start sees the same, even
/// without the index.
/// </summary>
/// <remarks>Only writes fail more than once. If rolling back fails too, a refused change may take effect.</remarks>
/// <param name="Skip">The number of steps that still succeed.</param>
/// <param name="Count">The number of steps that fail after that.</param>
/// <param name="Ends">Whether the proxy ends during this.</param>
/// <param name="Without">A folder of the built-in store that is deleted before a restart. Empty for none. Null to restart only
/// if it has ended.</param>
/// <param name="RemoteFailures">How many remote requests fail too, in addition to other trouble of the remote. Null for
/// none.</param>
internal sealed record TroubleDisk(
    ModelOperation Operation, DiskFault Fault, int Skip, int Count, DiskSteps Steps, bool Ends, string? Without, int? RemoteFailures = null)
        : ModelOperation
{
    public override async Task RunAsync(ModelScene scene)
    {
        scene.SetFull(false);
        await scene.MendRemoteOrFailAsync(RemoteFailures);
        var doubts = Operation.MayLeave(scene).ToList();
        var written = doubts.Where(doubt => doubt.Bucket.Written.ContainsKey(doubt.Key)).ToList();
        scene.DoubtEntries();
        scene.WasRefused = false;
        scene.DiskTrouble.Begin(Fault, Skip, Count, Steps);
        await Operation.RunAsync(scene);
        var isRefused = scene.WasRefused;
        var hasHappened = false;
        void End()
        {
            hasHappened = scene.DiskTrouble.Happened;
            scene.DiskTrouble.End();
        }

        if (Ends)
        {
            await scene.RestartAsync(Without ?? "", between: End);
        }
        else
        {
            End();
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

        await LookAsync(scene, doubts, isKnown: !isRefused);
        Expect.That(
            !isRefused || Operation is not DeleteObject || written.TrueForAll(doubt => doubt.Bucket.Written.ContainsKey(doubt.Key)),
            "What was written is deleted, and the delete was refused.");
        if (!Ends && Without is not null)
        {
            await scene.RestartAsync(Without);
            await LookAsync(scene, doubts, isKnown: true);
        }
    }

    private static async Task LookAsync(ModelScene scene, List<ModelDoubt> doubts, bool isKnown)
    {
        // A write is one step for clients, and so is a change of a bucket. An undelete shows the bucket first and continues with its keys.
        foreach (var bucket in scene.Buckets)
        {
            var open = doubts.Where(doubt => doubt.Bucket == bucket
                && (isKnown || doubt.Effect is not (ModelEffect.Written or ModelEffect.BucketMade or ModelEffect.BucketDeleted))).ToList();
            await Aftermath.LookAsync(scene, bucket, open, isKnown);
            await new ListUploads(scene.Buckets.ToList().IndexOf(bucket)).RunAsync(scene);
        }

        foreach (var slot in scene.Uploads.Keys.ToList())
        {
            await new ListParts(slot).RunAsync(scene);
        }
    }
}
