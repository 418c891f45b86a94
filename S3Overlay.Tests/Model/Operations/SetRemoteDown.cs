namespace S3Overlay.Tests.Model.Operations;

/// <summary>The remote answers nothing any more, or is back.</summary>
internal sealed record SetRemoteDown(bool IsDown) : ModelOperation
{
    /// <inheritdoc/>
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
