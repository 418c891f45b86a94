namespace S3Overlay.Tests.Transparency.Scenarios;

/// <summary>
/// Signatures in links and forms, wrong ones, and none. Refusals of the front door have its message, and the store's status and code.
/// </summary>
internal static class SignatureScenarios
{
    public static async Task LinksAsync(Side s)
    {
        await s.SendAsync("PUT", "/BUCKET/a%20b", "value");
        await s.SendPresignedAsync(Depth.All, "GET", "/BUCKET/a%20b", null, TimeSpan.Zero);
        await s.SendPresignedAsync(Depth.All, "HEAD", "/BUCKET/a%20b", null, TimeSpan.Zero);
        await s.SendPresignedAsync(Depth.All, "GET", "/BUCKET/a%20b", null, TimeSpan.Zero, null, ("Range", "bytes=1-2"));
        await s.SendPresignedAsync(Depth.All, "GET", "/BUCKET/absent", null, TimeSpan.Zero);
        await s.SendPresignedAsync(Depth.All, "GET", "/BUCKET/a%20b?response-content-type=text%2Fhtml", null, TimeSpan.Zero);
        await s.SendPresignedAsync(Depth.All, "GET", "/BUCKET?list-type=2", null, TimeSpan.Zero);
        await s.SendPresignedAsync(Depth.All, "PUT", "/BUCKET/p", "value"u8.ToArray(), TimeSpan.Zero, null, ("Content-Type", "text/plain"));
        await s.SendPresignedAsync(Depth.All, "PUT", "/BUCKET/q", "value"u8.ToArray(), TimeSpan.Zero, null, ("x-amz-meta-a", "b"),
            ("x-amz-acl", "public-read"));
        await s.SendPresignedAsync(
            Depth.All, "PUT", "/BUCKET/sdk?x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32&x-id=PutObject",
            "value"u8.ToArray(), TimeSpan.Zero);
        await s.SendAsync("GET", "/BUCKET/sdk");
        await s.SendPresignedAsync(Depth.All, "DELETE", "/BUCKET/p", null, TimeSpan.Zero);
        await s.SendPresignedAsync(Depth.Code, "GET", "/BUCKET/a%20b", null, TimeSpan.FromMinutes(10));
        await s.SendPresignedAsync(Depth.Code, "GET", "/BUCKET/a%20b", null, TimeSpan.Zero,
            link => link.Replace("a%20b", "other", StringComparison.Ordinal));
        await s.SendPresignedAsync(Depth.Code, "GET", "/BUCKET/a%20b", null, TimeSpan.Zero, link => link[..^4] + "0000");
        await s.SendVersion2Async(Depth.All, "GET", "/BUCKET/a%20b");
        await s.SendVersion2Async(Depth.All, "GET", "/BUCKET/absent");
        await s.SendVersion2Async(Depth.All, "GET", "/BUCKET/a%20b?acl");
        await s.SendVersion2Async(Depth.Code, "GET", "/BUCKET/a%20b", "1175139620");
        await s.SendAsync("HEAD", "/BUCKET/q");
    }

    public static async Task UnsignedAsync(Side s)
    {
        await s.SendAsync("PUT", "/BUCKET/private", "value");
        await s.SendAsync("PUT", "/BUCKET/public", "value", ("x-amz-acl", "public-read"));
        foreach (var target in new[] { "/BUCKET/private", "/BUCKET/public", "/BUCKET/absent", "/BUCKET", "/BUCKET?list-type=2",
            "/no-such-bucket-here", "/no-such-bucket-here/k", "/BUCKET/public?acl", "/BUCKET?policy", "/" })
        {
            await s.SendUnsignedAsync(Depth.All, "GET", target, null);
            await s.SendUnsignedAsync(Depth.All, "HEAD", target, null);
        }

        await s.SendUnsignedAsync(Depth.All, "GET", "/BUCKET/public", null, ("Range", "bytes=0-1"));
        await s.SendUnsignedAsync(Depth.All, "GET", "/BUCKET/public?response-content-type=text%2Fhtml", null);
        await s.SendUnsignedAsync(Depth.All, "PUT", "/BUCKET/new", "value"u8.ToArray());
        await s.SendUnsignedAsync(Depth.All, "DELETE", "/BUCKET/public", null);
        await s.SendUnsignedAsync(Depth.All, "POST", "/BUCKET/new?uploads", null);
        await s.SendUnsignedAsync(Depth.All, "PUT", "/BUCKET-new", null);
        await s.SendAsync("PUT", "/BUCKET?acl", null, ("x-amz-acl", "public-read-write"));
        await s.SendUnsignedAsync(Depth.All, "GET", "/BUCKET", null);
        await s.SendUnsignedAsync(Depth.All, "PUT", "/BUCKET/new", "value"u8.ToArray(), ("x-amz-meta-a", "b"));
        await s.SendUnsignedAsync(Depth.All, "GET", "/BUCKET/new", null);
    }

    public static async Task RefusedAsync(Side s)
    {
        await s.SendAsync("PUT", "/BUCKET/k", "value");
        await s.SendUnsignedAsync(Depth.Code, "GET", "/BUCKET/k", null, ("Authorization", "nonsense"));
        await s.SendUnsignedAsync(Depth.Code, "GET", "/BUCKET/k", null, ("Authorization", "AWS4-HMAC-SHA256 nonsense"));
        await s.SendUnsignedAsync(Depth.Code, "GET", "/BUCKET/k", null, ("Authorization", "AWS unknown-key:AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            ("Date", DateTime.UtcNow.ToString("r", System.Globalization.CultureInfo.InvariantCulture)));
        await s.SendUnsignedAsync(
            Depth.Code, "GET", "/BUCKET/k", null, ("x-amz-date", "20130524T000000Z"), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
            ("Authorization",
                "AWS4-HMAC-SHA256 Credential=unknown-key/20130524/us-east-1/s3/aws4_request, "
                + "SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=" + new string('0', 64)));
        await s.SendUnsignedAsync(Depth.Code, "GET", "/BUCKET/k?X-Amz-Algorithm=AWS4-HMAC-SHA256", null);
        await s.SendUnsignedAsync(
            Depth.Code, "GET", "/BUCKET/k?AWSAccessKeyId=unknown-key&Expires=9175139620&Signature=AAAAAAAAAAAAAAAAAAAAAAAAAAA%3D", null);
    }

    public static async Task FormsAsync(Side s)
    {
        var policy =
            $$"""{"expiration": "2999-01-01T00:00:00Z", "conditions": [{"bucket": "{{s.Bucket}}"}, ["starts-with", "$key", ""], """
            + $$"""["starts-with", "$success_action_status", ""], ["starts-with", "$Content-Type", ""]]}""";
        await s.SendFormAsync(Depth.All, "plain", form => form.With("key", "a/b").With("Content-Type", "text/plain").SignedV2(policy));
        await s.SendAsync("GET", "/BUCKET/a/b");
        await s.SendFormAsync(Depth.All, "200", form => form.With("key", "k").With("success_action_status", "200").SignedV2(policy));
        await s.SendFormAsync(Depth.All, "201", form => form.With("key", "k").With("success_action_status", "201").SignedV2(policy));
        await s.SendFormAsync(Depth.Code, "outside its policy", form => form.With("key", "k").With("x-amz-meta-a", "b").SignedV2(policy));
        await s.SendFormAsync(Depth.Code, "without key", form => form.SignedV2(policy));
        await s.SendFormAsync(Depth.Code, "without signature", form => form.With("key", "k"));
        await s.SendFormAsync(Depth.Code, "past its time", form => form.With("key", "k")
            .SignedV2(policy.Replace("2999", "1999", StringComparison.Ordinal)));
    }
}
