using System.Xml.Linq;

namespace S3Overlay.Tests.Model.Operations;

/// <summary>ListMultipartUploads: shows all uploads under way and no others.</summary>
internal sealed record ListUploads(int Bucket) : ModelOperation
{
    public override async Task RunAsync(ModelScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        var response = await scene.SendAsync("GET", bucket, null, "uploads&encoding-type=url");
        if (!bucket.Exists)
        {
            Expect.NoBucket(response, scene);
            return;
        }

        if (response.Status == 503 && scene.MayFailToWrite(bucket))
        {
            return;
        }

        Expect.Status(response, 200);
        var listed = XElement.Parse(response.Text).Elements().Where(element => element.Name.LocalName == "Upload")
            .Select(upload => (Key: Uri.UnescapeDataString(Text(upload, "Key").Replace('+', ' ')), Id: Text(upload, "UploadId"))).ToList();
        foreach (var upload in scene.Uploads.Values.Where(upload => upload.Bucket == bucket))
        {
            Expect.That(listed.Contains((upload.Key, upload.Id)), $"The upload {upload.Id} of {upload.Key} is not listed.");
        }

        Expect.That(!listed.Exists(upload => scene.EndedUploads.Contains(upload.Id)),
            $"An upload is listed that is over: {string.Join("; ", listed)}");
    }

    private static string Text(XElement element, string name) => element.Elements().First(child => child.Name.LocalName == name).Value;
}
