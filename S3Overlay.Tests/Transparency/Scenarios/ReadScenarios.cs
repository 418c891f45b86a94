namespace S3Overlay.Tests.Transparency.Scenarios;

/// <summary>Reads of everything but an object's bytes.</summary>
internal static class ReadScenarios
{
    private const string Past = "Sat, 01 Jan 2000 00:00:00 GMT";
    private const string Future = "Sat, 01 Jan 2050 00:00:00 GMT";
    private const string ETag = "\"2063c1608d6e0baf80249c42e2be5804\"";

    public static async Task RangesAsync(Side s)
    {
        await s.SendAsync("PUT", "/BUCKET/k", "0123456789");
        await s.SendAsync("PUT", "/BUCKET/empty", "");
        foreach (var range in new[]
        {
            "bytes=0-0", "bytes=0-", "bytes=3-5", "bytes=3-99", "bytes=9-9", "bytes=10-", "bytes=99-", "bytes=-1", "bytes=-99", "bytes=-0",
            "bytes=5-2",
            "bytes=0-1,4-5", "bytes=0-1, 4-5", "bytes=", "bytes=a-b", "bytes=-", "items=0-1", "nonsense", "Bytes=0-1", "bytes = 0-1",
            "bytes=0-18446744073709551616",
        })
        {
            await s.SendAsync("GET", "/BUCKET/k", null, ("Range", range));
            await s.SendAsync("HEAD", "/BUCKET/k", null, ("Range", range));
        }

        await s.SendAsync("GET", "/BUCKET/empty", null, ("Range", "bytes=0-0"));
        await s.SendAsync("GET", "/BUCKET/empty", null, ("Range", "bytes=-1"));
        await s.SendAsync("GET", "/BUCKET/absent", null, ("Range", "bytes=0-0"));
        await s.SendAsync("GET", "/BUCKET/k", null, ("Range", "bytes=0-1"), ("If-Range", "\"other\""));
        await s.SendAsync("GET", "/BUCKET/k", null, ("Range", "bytes=0-1"), ("If-Range", "\"781e5e245d69b566979b86e28d23f2c7\""));
        await s.SendAsync("GET", "/BUCKET/k", null, ("Range", "bytes=0-1"), ("If-Match", "\"other\""));
    }

    public static async Task ConditionsAsync(Side s)
    {
        await s.SendAsync("PUT", "/BUCKET/k", "value", ("Content-Type", "text/plain"), ("Cache-Control", "max-age=5"),
            ("x-amz-meta-a", "b"));
        (string, string)[][] sets =
        [
            [("If-Match", ETag)], [("If-Match", ETag.Trim('"'))], [("If-Match", "*")], [("If-Match", "\"other\"")],
            [("If-Match", "\"other\", " + ETag)], [("If-Match", "")],
            [("If-None-Match", ETag)], [("If-None-Match", ETag.Trim('"'))], [("If-None-Match", "*")], [("If-None-Match", "\"other\"")],
            [("If-None-Match", "W/" + ETag)],
            [("If-Modified-Since", Past)], [("If-Modified-Since", Future)], [("If-Modified-Since", "nonsense")],
            [("If-Modified-Since", "2050-01-01T00:00:00Z")],
            [("If-Unmodified-Since", Past)], [("If-Unmodified-Since", Future)], [("If-Unmodified-Since", "nonsense")],
            [("If-Match", ETag), ("If-Unmodified-Since", Past)], [("If-None-Match", "\"other\""), ("If-Modified-Since", Future)],
            [("If-None-Match", ETag), ("If-Modified-Since", Past)], [("If-Match", ETag), ("If-None-Match", ETag)],
        ];
        foreach (var set in sets)
        {
            await s.SendAsync("GET", "/BUCKET/k", null, set);
            await s.SendAsync("HEAD", "/BUCKET/k", null, set);
        }

        await s.SendAsync("GET", "/BUCKET/absent", null, ("If-Match", ETag));
        await s.SendAsync("GET", "/BUCKET/absent", null, ("If-None-Match", ETag));
        await s.SendAsync("PUT", "/BUCKET/k", "new", ("If-None-Match", "*"));
        await s.SendAsync("PUT", "/BUCKET/k", "new", ("If-Match", "\"other\""));
        await s.SendAsync("PUT", "/BUCKET/k", "new", ("If-Match", ETag));
        await s.SendAsync("PUT", "/BUCKET/absent", "new", ("If-Match", ETag));
        await s.SendAsync("PUT", "/BUCKET/fresh", "new", ("If-None-Match", "*"));
        await s.SendAsync("PUT", "/BUCKET/k", "new", ("If-None-Match", ETag));
        await s.SendAsync("DELETE", "/BUCKET/k", null, ("If-Match", "\"other\""));
        await s.SendAsync("GET", "/BUCKET/k");
        await s.SendAsync("GET", "/BUCKET", null, ("If-None-Match", "*"));
    }

    public static async Task ReplacedHeadersAsync(Side s)
    {
        await s.SendAsync("PUT", "/BUCKET/k", "value", ("Content-Type", "text/plain"));
        foreach (var query in new[]
        {
            "response-content-type=text%2Fhtml", "response-content-language=de",
            "response-expires=Thu%2C%2001%20Dec%202033%2016%3A00%3A00%20GMT",
            "response-cache-control=no-cache", "response-content-disposition=attachment%3B%20filename%3D%22a%20b.txt%22",
            "response-content-encoding=gzip",
            "response-content-type=", "response-content-disposition=%C3%BC", "x-id=GetObject", "unknown=1", "partNumber=1", "partNumber=2",
        })
        {
            await s.SendAsync("GET", "/BUCKET/k?" + query);
            await s.SendAsync("HEAD", "/BUCKET/k?" + query);
        }
    }
}
