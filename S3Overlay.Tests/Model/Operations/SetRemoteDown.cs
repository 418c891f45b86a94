namespace S3Overlay.Tests.Model.Operations;

/// <summary>The remote stops responding, or is back.</summary>
internal sealed record SetRemoteDown(bool IsDown) : ModelOperation
{
    public override async Task RunAsync(ModelScene scene)
    {
        if (IsDown)
        {
            scene.Trouble.End();
            scene.Trouble.IsDown = true;
        }
        else
        {
            await scene.MendAsync();
        }
    }
}
