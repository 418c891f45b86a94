using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model.Operations;

/// <param name="Without">A folder of the built-in store that is deleted first, as by hand. Empty for none.</param>
/// <param name="Room">How many disk steps succeed in a failing start before that one. Null if there is no failing start.</param>
/// <param name="Fault">How its disk fails then.</param>
/// <param name="Steps">Which steps it fails at.</param>
internal sealed record Restart(string Without, int? Room = null, DiskFault Fault = DiskFault.Full, DiskSteps Steps = DiskSteps.Write)
    : ModelOperation
{
    public override async Task RunAsync(ModelScene scene)
    {
        scene.SetFull(false);
        await scene.RestartAsync(Without, Room, Fault, Steps);
    }
}
