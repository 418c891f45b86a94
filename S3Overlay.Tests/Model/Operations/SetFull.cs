namespace S3Overlay.Tests.Model.Operations;

/// <summary>The store (for the built-in one: its disk) becomes full, or has room again.</summary>
internal sealed record SetFull(bool IsFull) : ModelOperation
{
    public override Task RunAsync(ModelScene scene)
    {
        scene.SetFull(IsFull);
        return Task.CompletedTask;
    }
}
