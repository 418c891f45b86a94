namespace S3Overlay.Tests.Model.Versions.Steps;

/// <param name="Without">A database of the store that is deleted first, as by hand. Empty for none.</param>
internal sealed record RestartStore(string Without) : VersionStep
{
    public override async Task RunAsync(VersionScene scene)
    {
        await scene.RestartAsync(Without);
        for (var i = 0; i < scene.Buckets.Length; i++)
        {
            await VersionAftermath.LookAsync(scene, i, scene.Buckets[i]);
        }
    }
}
