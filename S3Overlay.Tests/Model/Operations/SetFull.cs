namespace S3Overlay.Tests.Model.Operations;

/// <summary>The store takes nothing more, or has room again; of the built-in one it is the disk.</summary>
internal sealed record SetFull(bool IsFull) : ModelOperation
{
    /// <inheritdoc/>
    public override Task RunAsync(ModelScene scene)
    {
        scene.SetFull(IsFull);
        return Task.CompletedTask;
    }
}
