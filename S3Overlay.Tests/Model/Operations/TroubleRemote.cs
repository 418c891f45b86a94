namespace S3Overlay.Tests.Model.Operations;

/// <summary>Something is wrong with the remote that asking again heals: a few failures, or a body that ends early.</summary>
internal sealed record TroubleRemote(int Failures, int CutAfter) : ModelOperation
{
    /// <inheritdoc/>
    public override bool MayMakeForget => false;

    /// <inheritdoc/>
    public override Task RunAsync(ModelScene scene)
    {
        scene.Trouble.FailNext(Failures);
        scene.Trouble.CutNext(CutAfter);
        return Task.CompletedTask;
    }
}
