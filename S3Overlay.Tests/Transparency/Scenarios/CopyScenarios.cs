namespace S3Overlay.Tests.Transparency.Scenarios;

/// <summary>Copies within the store.</summary>
internal static class CopyScenarios
{
    public static async Task CopiesAsync(Side s)
    {
        const string Right = "\"2063c1608d6e0baf80249c42e2be5804\"";
        await s.SendAsync("PUT", "/BUCKET/k", "value", ("Content-Type", "text/plain"), ("x-amz-meta-a", "b"),
            ("Cache-Control", "no-cache"));
        await s.SendAsync("PUT", "/BUCKET/a%20b/%C3%BC%2B", "value");
        (string, string)[][] sets =
        [
            [("x-amz-copy-source", "/BUCKET/k")],
            [("x-amz-copy-source", "BUCKET/k")],
            [("x-amz-copy-source", "BUCKET/a%20b/%C3%BC%2B")],
            [("x-amz-copy-source", "BUCKET%2Fk")],
            [("x-amz-copy-source", "BUCKET/k?versionId=null")],
            [("x-amz-copy-source", "BUCKET/k?versionId=nonsense")],
            [("x-amz-copy-source", "BUCKET/absent")],
            [("x-amz-copy-source", "no-such-bucket-here/k")],
            [("x-amz-copy-source", "BUCKET/k"), ("x-amz-metadata-directive", "REPLACE"), ("x-amz-meta-c", "d"),
                ("Content-Type", "text/html")],
            [("x-amz-copy-source", "BUCKET/k"), ("x-amz-metadata-directive", "COPY"), ("x-amz-meta-c", "d")],
            [("x-amz-copy-source", "BUCKET/k"), ("x-amz-metadata-directive", "nonsense")],
            [("x-amz-copy-source", "BUCKET/k"), ("x-amz-tagging-directive", "REPLACE"), ("x-amz-tagging", "a=1")],
            [("x-amz-copy-source", "BUCKET/k"), ("x-amz-storage-class", "STANDARD_IA")],
            [("x-amz-copy-source", "BUCKET/k"), ("x-amz-acl", "public-read")],
            [("x-amz-copy-source", "BUCKET/k"), ("x-amz-copy-source-if-match", Right)],
            [("x-amz-copy-source", "BUCKET/k"), ("x-amz-copy-source-if-match", "\"other\"")],
            [("x-amz-copy-source", "BUCKET/k"), ("x-amz-copy-source-if-none-match", Right)],
            [("x-amz-copy-source", "BUCKET/k"), ("x-amz-copy-source-if-none-match", "\"other\"")],
            [("x-amz-copy-source", "BUCKET/k"), ("x-amz-copy-source-if-modified-since", "Sat, 01 Jan 2000 00:00:00 GMT")],
            [("x-amz-copy-source", "BUCKET/k"), ("x-amz-copy-source-if-unmodified-since", "Sat, 01 Jan 2000 00:00:00 GMT")],
            [("x-amz-copy-source", "BUCKET/k"), ("If-None-Match", "*")],
        ];
        foreach (var set in sets)
        {
            await s.SendAsync("PUT", "/BUCKET/copy", null, set);
            await s.SendAsync("HEAD", "/BUCKET/copy");
            await s.SendAsync("DELETE", "/BUCKET/copy");
        }

        foreach (var source in new[] { "", "nonsense", "/", "//", "BUCKET", "BUCKET/", "%zz/k" })
        {
            await s.SendAsync(Depth.Code, "PUT", "/BUCKET/copy", null, ("x-amz-copy-source", source));
        }

        await s.SendAsync("PUT", "/BUCKET/k", null, ("x-amz-copy-source", "BUCKET/k"));
        await s.SendAsync("PUT", "/BUCKET/k", null, ("x-amz-copy-source", "BUCKET/k"), ("x-amz-metadata-directive", "REPLACE"),
            ("x-amz-meta-new", "1"));
        await s.SendAsync("GET", "/BUCKET/k");
        await s.SendAsync("PUT", "/no-such-bucket-here/k", null, ("x-amz-copy-source", "BUCKET/k"));
    }
}
