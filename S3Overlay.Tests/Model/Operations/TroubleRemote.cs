namespace S3Overlay.Tests.Model.Operations;

/// <summary>The remote has a transient failure: a few failing requests, or a body that ends early.</summary>
internal sealed record TroubleRemote(int Failures, int CutAfter) : ModelOperation
{
    public override bool MayMakeForget => false;

    public override Task RunAsync(ModelScene scene)
    {
        scene.Trouble.FailNext(Failures);
        scene.Trouble.CutNext(CutAfter);
        return Task.CompletedTask;
    }
}
