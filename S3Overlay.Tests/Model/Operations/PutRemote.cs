namespace S3Overlay.Tests.Model.Operations;

/// <summary>Somebody writes to the remote.</summary>
internal sealed record PutRemote(int Bucket, string Key, int Serial, int Size) : ModelOperation
{
    /// <inheritdoc/>
    public override bool MayMakeForget => false;

    /// <inheritdoc/>
    public override Task RunAsync(ModelScene scene)
    {
        scene.PutRemote(scene.Buckets[Bucket], Key, ObjectVersion.Of(ObjectVersion.Content(Serial, Size)));
        return Task.CompletedTask;
    }
}
