namespace S3Overlay.Tests.Model.Operations;

/// <summary>A write at the remote, behind the proxy.</summary>
/// <param name="PartSize">How long the parts are in which it comes, but for the last; 0 where it comes in one piece.</param>
internal sealed record PutRemote(int Bucket, string Key, int Serial, int Size, int PartSize) : ModelOperation
{
    /// <inheritdoc/>
    public override bool MayMakeForget => false;

    /// <inheritdoc/>
    public override Task RunAsync(ModelScene scene)
    {
        scene.PutRemote(scene.Buckets[Bucket], Key, ObjectVersion.Of(ObjectVersion.Content(Serial, Size)).InPartsOf(PartSize));
        return Task.CompletedTask;
    }
}
