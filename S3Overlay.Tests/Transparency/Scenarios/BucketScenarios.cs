using System.Text;

namespace S3Overlay.Tests.Transparency.Scenarios;

/// <summary>Buckets, and deleting much at once.</summary>
internal static class BucketScenarios
{
    public static async Task BucketsAsync(Side s)
    {
        await s.SendAsync(Depth.Head, "GET", "/", null);
        await s.SendAsync(Depth.All, "HEAD", "/BUCKET", null);
        await s.SendAsync("HEAD", "/no-such-bucket-here");
        await s.SendAsync("GET", "/BUCKET?location");
        await s.SendAsync("PUT", "/BUCKET");
        await s.SendAsync(
            "PUT", "/BUCKET-x",
            "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            + "<LocationConstraint>nowhere-1</LocationConstraint></CreateBucketConfiguration>");
        await s.SendAsync("PUT", "/BUCKET-y", null, ("x-amz-acl", "public-read"));
        await s.SendAsync("GET", "/BUCKET-y?acl");
        await s.SendAsync("PUT", "/BUCKET-z", null, ("x-amz-object-ownership", "BucketOwnerEnforced"));
        await s.SendAsync("PUT", "/BUCKET/", "");
        await s.SendAsync("GET", "/BUCKET/");
        await s.SendAsync("HEAD", "/BUCKET/");
        await s.SendAsync("PUT", "/BUCKET/k", "value");
        await s.SendAsync("DELETE", "/BUCKET");
        await s.SendAsync("DELETE", "/BUCKET/k");
        await s.SendAsync("DELETE", "/BUCKET");
        await s.SendAsync("DELETE", "/BUCKET");
        await s.SendAsync("GET", "/BUCKET");
        await s.SendAsync("HEAD", "/BUCKET");
    }

    public static async Task DeletesAsync(Side s)
    {
        foreach (var key in new[] { "a", "b", "c/d", "e%20f" })
        {
            await s.SendAsync("PUT", "/BUCKET/" + key, "value");
        }

        string[] documents =
        [
            "<Delete><Object><Key>a</Key></Object><Object><Key>absent</Key></Object></Delete>",
            "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet><Object><Key>b</Key></Object></Delete>",
            "<Delete><Object><Key>c/d</Key><VersionId>nonsense</VersionId></Object></Delete>",
            "<Delete><Object><Key>e f</Key></Object></Delete>",
            "<Delete><Object><Key></Key></Object></Delete>",
            "<Delete><Object/></Delete>", "<Delete/>", "<Delete></Delete>", "<Delete>", "", "<nonsense/>", "nonsense",
            $"<Delete>{string.Concat(Enumerable.Range(0, 1001).Select(i => $"<Object><Key>{i}</Key></Object>"))}</Delete>",
        ];
        foreach (var document in documents)
        {
            await s.SendAsync("POST", "/BUCKET?delete", document, VersionScenarios.Md5(document));
        }

        await s.SendAsync("POST", "/BUCKET?delete", documents[0]);
        await s.SendAsync("POST", "/BUCKET?delete=", documents[0], VersionScenarios.Md5(documents[0]));
        await s.SendAsync(Depth.Code, "POST", "/BUCKET?delete", Encoding.UTF8.GetBytes(documents[0]), VersionScenarios.Md5("other"));
        await s.SendAsync("POST", "/no-such-bucket-here?delete", documents[0], VersionScenarios.Md5(documents[0]));
        await s.SendAsync("GET", "/BUCKET");
    }
}
