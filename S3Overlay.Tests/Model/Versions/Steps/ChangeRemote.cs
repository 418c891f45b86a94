namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>An object appears at the remote, behind the proxy's back, or goes.</summary>
internal sealed record ChangeRemote(string Key, int Serial, int Size, bool Removes) : VersionStep
{
    public override Task RunAsync(VersionScene scene)
    {
        if (scene.Buckets[0].IsOverlaid)
        {
            scene.PutRemote(0, Key, Removes ? null : ObjectVersion.Of(ObjectVersion.Content(Serial, Size)));
        }

        return Task.CompletedTask;
    }
}
