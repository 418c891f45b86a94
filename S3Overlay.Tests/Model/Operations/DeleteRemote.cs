namespace S3Overlay.Tests.Model.Operations;

/// <summary>A delete at the remote, behind the proxy.</summary>
internal sealed record DeleteRemote(int Bucket, string Key) : ModelOperation
{
    public override bool MayMakeForget => false;

    public override Task RunAsync(ModelScene scene)
    {
        scene.RemoveRemote(scene.Buckets[Bucket], Key);
        return Task.CompletedTask;
    }
}
