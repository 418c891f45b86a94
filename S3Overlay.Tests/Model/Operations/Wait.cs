namespace S3Overlay.Tests.Model.Operations;

/// <summary>Time passes.</summary>
internal sealed record Wait(int Seconds) : ModelOperation
{
    /// <inheritdoc/>
    public override bool MayMakeForget => false;

    /// <inheritdoc/>
    public override Task RunAsync(ModelScene scene) => scene.WaitAsync(TimeSpan.FromSeconds(Seconds));
}
