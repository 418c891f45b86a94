using System.Xml.Linq;

namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>ListObjectsV2, by anybody.</summary>
internal sealed record ListCurrent(int Bucket, ModelCaller Caller) : VersionStep
{
    public override async Task RunAsync(VersionScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        var response = await scene.SendAsync(Caller, "GET", bucket.Name, null, "list-type=2");
        if (!bucket.Access.MayList(Caller))
        {
            Expect.Status(response, 403);
            return;
        }

        Expect.Status(response, 200);
        var isOwners = Caller is ModelCaller.Owner or ModelCaller.Clerk;
        var right = bucket.ShownKeys().Where(key => bucket.Current(key) is not null && (isOwners || bucket.RemoteOwned(key) is null));
        var told = XElement.Parse(response.Text).Elements().Where(static row => row.Name.LocalName == "Contents")
            .Select(static row => VersionListing.Text(row, "Key")!);
        Expect.That(told.SequenceEqual(right), $"The keys are {string.Join("; ", told)}, and should be {string.Join("; ", right)}.");
    }
}
