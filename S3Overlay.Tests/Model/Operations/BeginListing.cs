namespace S3Overlay.Tests.Model.Operations;

/// <summary>The first page of a listing, which <see cref="GoOnListing"/> continues.</summary>
internal sealed record BeginListing(int Slot, int Bucket, ListingKind Kind, string Prefix, string Delimiter, int PageSize, bool IsWhole)
    : ModelOperation
{
    public override async Task RunAsync(ModelScene scene)
    {
        scene.Listings.Remove(Slot);
        var cursor = new ListingCursor(scene.Buckets[Bucket], Kind, Prefix, Delimiter, PageSize);
        var next = await ListingPage.NextAsync(scene, cursor);
        for (; IsWhole && next is not null && next != cursor; next = await ListingPage.NextAsync(scene, next))
        {
            cursor = next;
        }

        if (next is not null)
        {
            scene.Listings[Slot] = next;
        }
    }
}
