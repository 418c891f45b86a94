namespace S3Overlay.Tests.Transparency.Scenarios;

/// <summary>Uploads in parts.</summary>
internal static class MultipartScenarios
{
    public static async Task UploadsAsync(Side s)
    {
        var upload = s.Learn(
            await s.SendAsync("POST", "/BUCKET/a/big?uploads", null, ("Content-Type", "text/x-test"), ("x-amz-meta-a", "b"),
                ("Cache-Control", "no-cache")), "UploadId", "UPLOAD");
        var first = new byte[5 << 20];
        await s.SendAsync(Depth.All, "PUT", $"/BUCKET/a/big?partNumber=1&uploadId={upload}", first);
        await s.SendAsync("PUT", $"/BUCKET/a/big?partNumber=2&uploadId={upload}", "the end");
        await s.SendAsync("PUT", $"/BUCKET/a/big?partNumber=9&uploadId={upload}", "not meant");
        await s.SendAsync("GET", $"/BUCKET/a/big?uploadId={upload}");
        await s.SendAsync("GET", $"/BUCKET/a/big?uploadId={upload}&max-parts=1");
        await s.SendAsync("GET", $"/BUCKET/a/big?uploadId={upload}&part-number-marker=1");
        await s.SendAsync("GET", "/BUCKET/a/big");
        var complete = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"5f363e0e58a95f06cbe9bbc662c5dfb6\"</ETag></Part>"
            + "<Part><PartNumber>2</PartNumber><ETag>\"f7f3a5e8a8f13f2d3d1b2d2e0d3a0e54\"</ETag></Part></CompleteMultipartUpload>";
        await s.SendAsync("POST", $"/BUCKET/a/big?uploadId={upload}", complete);
        complete = complete.Replace("f7f3a5e8a8f13f2d3d1b2d2e0d3a0e54", Md5("the end"), StringComparison.Ordinal);
        await s.SendAsync("POST", $"/BUCKET/a/big?uploadId={upload}", complete);
        await s.SendAsync("POST", $"/BUCKET/a/big?uploadId={upload}", complete);
        await s.SendAsync("HEAD", "/BUCKET/a/big");
        await s.SendAsync("GET", "/BUCKET/a/big", null, ("Range", "bytes=5242878-5242884"));
        await s.SendAsync("GET", "/BUCKET/a/big?partNumber=2");
        await s.SendAsync("HEAD", "/BUCKET/a/big?partNumber=1");
        await s.SendAsync("HEAD", "/BUCKET/a/big?partNumber=3");

        await s.SendAsync("PUT", "/BUCKET/source", "0123456789");
        upload = s.Learn(await s.SendAsync("POST", "/BUCKET/copied?uploads"), "UploadId", "UPLOAD-OF-COPIES");
        await s.SendAsync("PUT", $"/BUCKET/copied?partNumber=1&uploadId={upload}", null, ("x-amz-copy-source", "/BUCKET/source"));
        await s.SendAsync("PUT", $"/BUCKET/copied?partNumber=2&uploadId={upload}", null, ("x-amz-copy-source", "BUCKET/source"),
            ("x-amz-copy-source-range", "bytes=2-4"));
        foreach (var range in new[] { "bytes=8-99", "bytes=0", "nonsense", "bytes=5-2", "bytes=-3" })
        {
            await s.SendAsync("PUT", $"/BUCKET/copied?partNumber=3&uploadId={upload}", null, ("x-amz-copy-source", "BUCKET/source"),
                ("x-amz-copy-source-range", range));
        }

        await s.SendAsync("GET", $"/BUCKET/copied?uploadId={upload}");
        await s.SendAsync("DELETE", $"/BUCKET/copied?uploadId={upload}");
        await s.SendAsync("DELETE", $"/BUCKET/copied?uploadId={upload}");
        await s.SendAsync("GET", $"/BUCKET/copied?uploadId={upload}");
    }

    public static async Task BadUploadsAsync(Side s)
    {
        var upload = s.Learn(await s.SendAsync("POST", "/BUCKET/k?uploads"), "UploadId", "UPLOAD");
        await s.SendAsync("PUT", $"/BUCKET/k?partNumber=1&uploadId={upload}", "small");
        await s.SendAsync("PUT", $"/BUCKET/k?partNumber=2&uploadId={upload}", "small");
        foreach (var part in new[] { "0", "-1", "10001", "nonsense", "", "99999999999" })
        {
            await s.SendAsync("PUT", $"/BUCKET/k?partNumber={part}&uploadId={upload}", "small");
        }

        var etag = Md5("small");
        foreach (var document in new[]
        {
            "", "<", "<nonsense/>", "<CompleteMultipartUpload/>", "<CompleteMultipartUpload></CompleteMultipartUpload>",
            $"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part><Part><PartNumber>2</PartNumber>"
            + $"<ETag>{etag}</ETag></Part></CompleteMultipartUpload>",
            $"<CompleteMultipartUpload><Part><PartNumber>2</PartNumber><ETag>{etag}</ETag></Part><Part><PartNumber>1</PartNumber>"
            + $"<ETag>{etag}</ETag></Part></CompleteMultipartUpload>",
            $"<CompleteMultipartUpload><Part><PartNumber>7</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>wrong</ETag></Part></CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part><PartNumber>nonsense</PartNumber><ETag>wrong</ETag></Part></CompleteMultipartUpload>",
        })
        {
            await s.SendAsync("POST", $"/BUCKET/k?uploadId={upload}", document);
        }

        foreach (var query in new[] { "uploadId=nonsense", "uploadId=", "uploadId=..%2F..%2Fx" })
        {
            await s.SendAsync("GET", "/BUCKET/k?" + query);
            await s.SendAsync("DELETE", "/BUCKET/k?" + query);
            await s.SendAsync("PUT", "/BUCKET/k?partNumber=1&" + query, "small");
            await s.SendAsync("POST", "/BUCKET/k?" + query,
                $"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>");
        }

        await s.SendAsync("POST", "/BUCKET/k");
        await s.SendAsync("POST", "/no-such-bucket-here/k?uploads");
        await s.SendAsync("GET", $"/BUCKET/other?uploadId={upload}");
        await s.SendAsync("GET", $"/BUCKET/k?uploadId={upload}&max-parts=nonsense");
        await s.SendAsync(
            "POST", $"/BUCKET/k?uploadId={upload}",
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part><PartNumber>2</PartNumber>"
            + $"<ETag>&quot;{etag}&quot;</ETag></Part></CompleteMultipartUpload>");
        await s.SendAsync("GET", "/BUCKET/k");
    }

    private static string Md5(string text) =>
        Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
}
