using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model.Operations;

/// <summary>The proxy ends and starts again.</summary>
/// <param name="Without">A folder of the built-in store that may be deleted by hand, and is gone by then; empty for none.</param>
/// <param name="Room">How many steps of a start before that one its disk takes; null where there is no such start.</param>
/// <param name="Fault">What is wrong with its disk then.</param>
/// <param name="Steps">Which steps it fails at.</param>
internal sealed record Restart(string Without, int? Room = null, DiskFault Fault = DiskFault.Full, DiskSteps Steps = DiskSteps.Write)
    : ModelOperation
{
    /// <inheritdoc/>
    public override async Task RunAsync(ModelScene scene)
    {
        scene.SetFull(false);
        await scene.RestartAsync(Without, Room, Fault, Steps);
    }
}
