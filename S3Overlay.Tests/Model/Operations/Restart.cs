namespace S3Overlay.Tests.Model.Operations;

/// <summary>The proxy ends and starts again.</summary>
/// <param name="Without">A folder of the built-in store that may be deleted by hand, and is gone by then; empty for none.</param>
/// <param name="Room">How many writes there is room for on its disk at a start before that one; null where there is no such start.</param>
internal sealed record Restart(string Without, int? Room = null) : ModelOperation
{
    /// <inheritdoc/>
    public override async Task RunAsync(ModelScene scene)
    {
        scene.SetFull(false);
        await scene.RestartAsync(Without, Room);
    }
}
