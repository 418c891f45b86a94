namespace S3Overlay.Tests.Model.Operations;

/// <summary>The next page of a listing.</summary>
internal sealed record GoOnListing(int Slot) : ModelOperation
{
    public override async Task RunAsync(ModelScene scene)
    {
        if (scene.Listings.Remove(Slot, out var cursor) && await ListingPage.NextAsync(scene, cursor) is { } next)
        {
            scene.Listings[Slot] = next;
        }
    }
}
