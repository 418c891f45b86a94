namespace S3Overlay.Tests.Model.Operations;

/// <summary>A write at the remote, behind the proxy.</summary>
/// <param name="PartSize">The size of its parts, except for the last. 0 if it is put in one piece.</param>
internal sealed record PutRemote(int Bucket, string Key, int Serial, int Size, int PartSize) : ModelOperation
{
    public override bool MayMakeForget => false;

    public override Task RunAsync(ModelScene scene)
    {
        scene.PutRemote(scene.Buckets[Bucket], Key, ObjectVersion.Of(ObjectVersion.Content(Serial, Size)).InPartsOf(PartSize));
        return Task.CompletedTask;
    }
}
