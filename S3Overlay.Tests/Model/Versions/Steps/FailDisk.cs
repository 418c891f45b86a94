using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>
/// The disk is full or fails during some steps. Reads work. Acknowledged changes exist, and refused ones do not, except for the first steps
/// of a delete (table F). The next start sees the same, even without the database.
/// </summary>
/// <param name="Skip">The number of disk steps that still succeed.</param>
/// <param name="Count">The number of disk steps that fail after that.</param>
/// <param name="Without">A database of the store that is deleted before a restart. Null for no restart.</param>
internal sealed record FailDisk(IReadOnlyList<VersionStep> During, DiskFault Fault, int Skip, int Count, DiskSteps Kinds, string? Without)
    : VersionStep
{
    public override async Task RunAsync(VersionScene scene)
    {
        scene.DiskTrouble.Begin(Fault, Skip, Count, Kinds);
        foreach (var step in During)
        {
            var before = scene.Buckets.ToList();
            var left = step.MayLeave(scene).ToList();
            scene.WasRefused = false;
            await step.RunAsync(scene);
            for (var i = 0; scene.WasRefused && i < before.Count; i++)
            {
                // The last state is that of a request that was not refused.
                var stages = left.Where(state => state.Bucket == i).Select(static state => state.State).SkipLast(1);
                await VersionAftermath.LookAsync(scene, i, [scene.Buckets[i], before[i], .. stages]);
            }
        }

        scene.WasRefused = false;
        scene.DiskTrouble.End();
        if (Without is not null)
        {
            await scene.RestartAsync(Without);
        }

        for (var i = 0; i < scene.Buckets.Length; i++)
        {
            await VersionAftermath.LookAsync(scene, i, scene.Buckets[i]);
        }
    }

    public override string ToString() => $"FailDisk {{ {Fault} {Kinds} after {Skip}, {Count} times, during {string.Join(", ", During)}, "
        + $"then without {Without ?? "a restart"} }}";
}
