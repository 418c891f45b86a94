namespace S3Overlay.Tests.Transparency.Scenarios;

/// <summary>Listings with every parameter there is, good and bad.</summary>
internal static class ListingScenarios
{
    private static readonly string[] Keys = ["a", "a/1", "a/2", "a/b/3", "b c/1", "b+c/1", "c%/1", "d", "%C3%BC/1", "z"];

    public static async Task ListingsAsync(Side s)
    {
        await s.SendAsync("GET", "/BUCKET");
        await s.SendAsync("GET", "/BUCKET?list-type=2");
        foreach (var key in Keys)
        {
            await s.SendAsync("PUT", "/BUCKET/" + key.Replace("c%/", "c%25/", StringComparison.Ordinal)
                .Replace(" ", "%20", StringComparison.Ordinal).Replace("+", "%2B", StringComparison.Ordinal), "value");
        }

        string[] parameters =
        [
            "", "prefix=a", "prefix=a%2F", "prefix=a/", "prefix=b%20c", "prefix=b+c", "prefix=b%2Bc", "prefix=%C3%BC", "prefix=none",
            "prefix=",
            "delimiter=%2F", "delimiter=/", "delimiter=/&prefix=a/", "delimiter=b", "delimiter=", "delimiter=%2F&prefix=a", "delimiter=%25",
            "delimiter=a/",
            "max-keys=0", "max-keys=1", "max-keys=3", "max-keys=1001", "max-keys=-1", "max-keys=nonsense", "max-keys=",
            "max-keys=99999999999999999999",
            "max-keys=2&delimiter=/", "max-keys=1&delimiter=/&prefix=a/", "encoding-type=url", "encoding-type=URL",
            "encoding-type=nonsense", "encoding-type=",
            "encoding-type=url&delimiter=/", "encoding-type=url&prefix=b%20", "encoding-type=url&delimiter=%25", "unknown=1",
            "x-id=ListObjects", "prefix=a&prefix=b", "allow-unordered=true", "prefix=a%00",
        ];
        foreach (var query in parameters)
        {
            await s.SendAsync("GET", "/BUCKET?" + query);
            await s.SendAsync("GET", "/BUCKET?list-type=2&" + query);
        }

        foreach (var query in new[]
        {
            "marker=a", "marker=a/1", "marker=b%20", "marker=zz", "marker=", "marker=a/&delimiter=/", "marker=a&max-keys=1",
            "marker=%C3%BC&encoding-type=url",
            "list-type=2&start-after=a/1", "list-type=2&start-after=", "list-type=2&start-after=zz",
            "list-type=2&start-after=a&delimiter=/", "list-type=2&fetch-owner=true",
            "list-type=2&fetch-owner=false", "list-type=2&fetch-owner=nonsense", "list-type=1", "list-type=",
            "list-type=2&max-keys=1&start-after=a", "list-type=2&marker=a", "start-after=a",
        })
        {
            await s.SendAsync("GET", "/BUCKET?" + query);
        }

        var page = await s.SendAsync("GET", "/BUCKET?list-type=2&max-keys=4");
        for (var more = 0; more < 2; more++)
        {
            var token = s.Learn(page, "NextContinuationToken", "TOKEN");
            page = await s.SendAsync("GET", "/BUCKET?list-type=2&max-keys=4&continuation-token=" + Uri.EscapeDataString(token));
        }

        await s.SendAsync("GET", "/BUCKET?list-type=2", null, ("x-amz-optional-object-attributes", "RestoreStatus"));
    }

    public static async Task OthersAsync(Side s)
    {
        await s.SendAsync("GET", "/BUCKET?versions");
        await s.SendAsync("GET", "/BUCKET?uploads");
        await s.SendAsync("PUT", "/BUCKET/a/1", "value");
        await s.SendAsync("PUT", "/BUCKET/b", "value");
        foreach (var query in new[] { "", "&prefix=a", "&delimiter=/", "&max-keys=1", "&max-keys=nonsense", "&key-marker=a",
            "&encoding-type=url", "&version-id-marker=x", "&encoding-type=nonsense" })
        {
            await s.SendAsync("GET", "/BUCKET?versions" + query);
        }

        s.Learn(await s.SendAsync("POST", "/BUCKET/a/1?uploads"), "UploadId", "UPLOAD-ONE");
        s.Learn(await s.SendAsync("POST", "/BUCKET/c%20d?uploads"), "UploadId", "UPLOAD-TWO");
        foreach (var query in new[] { "", "&prefix=a", "&delimiter=/", "&max-uploads=1", "&max-uploads=nonsense", "&max-uploads=0",
            "&key-marker=a/1", "&encoding-type=url", "&upload-id-marker=x" })
        {
            await s.SendAsync("GET", "/BUCKET?uploads" + query);
        }
    }
}
