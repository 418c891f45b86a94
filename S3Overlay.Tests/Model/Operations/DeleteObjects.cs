using System.Security;
using System.Xml.Linq;

namespace S3Overlay.Tests.Model.Operations;

internal sealed record DeleteObjects(int Bucket, IReadOnlyList<string> Keys, bool IsQuiet) : ModelOperation
{
    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) =>
        Keys.Select(key => new ModelDoubt(scene.Buckets[Bucket], key, ModelEffect.Deleted));

    public override async Task RunAsync(ModelScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        var objects = Keys.Select(key => $"<Object><Key>{SecurityElement.Escape(key)?.Replace("\n", "&#10;")}</Key></Object>");
        var xml = $"<Delete>{(IsQuiet ? "<Quiet>true</Quiet>" : "")}{string.Concat(objects)}</Delete>";
        var body = System.Text.Encoding.UTF8.GetBytes(xml);
        var md5 = Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(body));
        var response = await scene.SendAsync("POST", bucket, null, "delete", body, ("Content-MD5", md5));
        if (!bucket.Exists)
        {
            Expect.NoBucket(response, scene);
            return;
        }

        if (response.Status is 503 or 507 && scene.MayFailToWrite(bucket))
        {
            return;
        }

        Expect.Status(response, 200);
        var result = XElement.Parse(response.Text);
        var (deleted, failed) = (KeysOf(result, "Deleted"), KeysOf(result, "Error"));
        scene.WasRefused |= failed.Count > 0;
        Expect.That(failed.Count == 0 || scene.MayRefuse || scene.StoreTrouble.Happened,
            $"These were not deleted: {string.Join(", ", failed)}.");
        foreach (var key in IsQuiet ? Keys.Except(failed) : deleted)
        {
            bucket.Delete(key);
        }

        Expect.Same(IsQuiet ? 0 : Keys.Count - failed.Count, deleted.Count, "The number of deleted keys told");
        if (failed.Count > 0 && scene.StoreTrouble.Happened)
        {
            throw new StoreFailedException();
        }
    }

    public override string ToString() => $"DeleteObjects {{ Bucket = {Bucket}, Keys = [{string.Join(", ", Keys)}], IsQuiet = {IsQuiet} }}";

    private static List<string> KeysOf(XElement result, string element) =>
        [.. result.Elements().Where(each => each.Name.LocalName == element)
            .Select(each => each.Elements().First(child => child.Name.LocalName == "Key").Value)];
}
