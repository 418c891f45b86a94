namespace S3Overlay.Tests.Model.Operations;

internal sealed record Wait(int Seconds) : ModelOperation
{
    public override bool MayMakeForget => false;

    public override Task RunAsync(ModelScene scene) => scene.WaitAsync(TimeSpan.FromSeconds(Seconds));
}
