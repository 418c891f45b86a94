namespace S3Overlay.Tests.Model.Operations;

/// <summary>The proxy ends and starts again; of the built-in store a folder that may be deleted by hand is gone by then, or none.</summary>
internal sealed record Restart(string Without) : ModelOperation
{
    /// <inheritdoc/>
    public override async Task RunAsync(ModelScene scene)
    {
        scene.SetFull(false);
        await scene.RestartAsync(Without);
    }
}
