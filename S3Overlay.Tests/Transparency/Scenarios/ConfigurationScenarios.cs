namespace S3Overlay.Tests.Transparency.Scenarios;

/// <summary>Everything that is configured by a document.</summary>
internal static class ConfigurationScenarios
{
    private const string Cors =
        "<CORSConfiguration><CORSRule><AllowedOrigin>https://*.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"
        + "<AllowedMethod>PUT</AllowedMethod>"
        + "<AllowedHeader>x-amz-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader>"
        + "<MaxAgeSeconds>100</MaxAgeSeconds></CORSRule></CORSConfiguration>";

    public static async Task TagsAsync(Side s)
    {
        await s.SendAsync("PUT", "/BUCKET/k", "value");
        foreach (var target in new[] { "/BUCKET/k?tagging", "/BUCKET?tagging" })
        {
            await s.SendAsync("GET", target);
            await s.SendAsync(
                "PUT", target,
                "<Tagging><TagSet><Tag><Key>a b</Key><Value>1&amp;2</Value></Tag><Tag><Key>\u00fc</Key>"
                + "<Value></Value></Tag></TagSet></Tagging>");
            await s.SendAsync("GET", target);
            await s.SendAsync("PUT", target,
                "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>a</Key><Value>2</Value></Tag></TagSet></Tagging>");
            await s.SendAsync(
                "PUT", target, $"<Tagging><TagSet><Tag><Key>{new string('k', 129)}</Key><Value>1</Value></Tag></TagSet></Tagging>");
            await s.SendAsync("PUT", target, "<Tagging/>");
            await s.SendAsync("PUT", target, "<");
            await s.SendAsync("PUT", target, "");
            await s.SendAsync("GET", target);
            await s.SendAsync("DELETE", target);
            await s.SendAsync("GET", target);
        }

        await s.SendAsync("HEAD", "/BUCKET/k");
        await s.SendAsync("GET", "/BUCKET/absent?tagging");
        await s.SendAsync("PUT", "/BUCKET/tagged", "value", ("x-amz-tagging", "a=1"));
        await s.SendAsync("GET", "/BUCKET/tagged");
        await s.SendAsync("GET", "/BUCKET/tagged?tagging");
    }

    public static async Task AccessAsync(Side s)
    {
        await s.SendAsync("PUT", "/BUCKET/k", "value");
        foreach (var target in new[] { "/BUCKET/k?acl", "/BUCKET?acl" })
        {
            await s.SendAsync("GET", target);
            await s.SendAsync("PUT", target, null, ("x-amz-acl", "public-read"));
            await s.SendAsync("GET", target);
            await s.SendAsync("PUT", target, null, ("x-amz-acl", "nonsense"));
            await s.SendAsync("PUT", target, null, ("x-amz-grant-read", "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\""));
            await s.SendAsync("PUT", target, "<AccessControlPolicy/>");
            await s.SendAsync("PUT", target, "<");
            await s.SendAsync("PUT", target, null, ("x-amz-acl", "private"));
            await s.SendAsync("GET", target);
        }

        await s.SendAsync("GET", "/BUCKET/absent?acl");
        await s.SendAsync("GET", "/no-such-bucket-here?acl");

        // Last, since some stores take it for deleting the object, or the bucket.
        await s.SendAsync("DELETE", "/BUCKET?acl");
        await s.SendAsync("DELETE", "/BUCKET/k?acl");
    }

    public static async Task ConfigurationsAsync(Side s)
    {
        var policy = """
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",
             "Resource":"arn:aws:s3:::BUCKET/*"}]}
            """;
        var lifecycle =
            "<LifecycleConfiguration><Rule><ID>r</ID><Filter><Prefix>a/</Prefix></Filter><Status>Enabled</Status>"
            + "<Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>";
        (string Name, string? Good, string Bad)[] all =
        [
            ("policy", policy, "nonsense"), ("lifecycle", lifecycle, "<nonsense/>"), ("cors", Cors, "<nonsense/>"),
            ("encryption",
                "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
                + "<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
                "<nonsense/>"),
            ("notification", "<NotificationConfiguration/>", "<"), ("logging", "<BucketLoggingStatus/>", "<"),
            ("requestPayment", "<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>",
                "<RequestPaymentConfiguration><Payer>Nonsense</Payer></RequestPaymentConfiguration>"),
            ("publicAccessBlock",
                "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>", "<"),
            ("ownershipControls", "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>",
                "<"),
            ("replication", null, "<nonsense/>"),
            ("accelerate", "<AccelerateConfiguration><Status>Suspended</Status></AccelerateConfiguration>", "<"),
            ("policyStatus", null, "<"), ("location", null, "<"), ("analytics", null, "<"), ("inventory", null, "<"),
            ("metrics", null, "<"), ("intelligent-tiering", null, "<"),
        ];

        // Some stores take deleting a configuration that they do not know for deleting the bucket, which they do not while it holds
        // something.
        await s.SendAsync("PUT", "/BUCKET/kept", "value");
        foreach (var (name, good, bad) in all)
        {
            var target = "/BUCKET?" + name;
            await s.SendAsync("GET", target);
            if (good is not null)
            {
                await s.SendAsync("PUT", target, good, VersionScenarios
                    .Md5(good.Replace("BUCKET", s.Bucket, StringComparison.Ordinal)) is var md5
                    && good.Contains("BUCKET", StringComparison.Ordinal) ? ("x-unused", "1") : md5);
                await s.SendAsync("GET", target);
            }

            await s.SendAsync("PUT", target, bad);
            await s.SendAsync("GET", target);
            await s.SendAsync("DELETE", target);
            await s.SendAsync("GET", target);
            await s.SendAsync("GET", "/no-such-bucket-here?" + name);
        }
    }

    public static async Task WebsitesAsync(Side s)
    {
        await s.SendAsync("GET", "/BUCKET?website");
        await s.SendAsync(
            "PUT", "/BUCKET?website",
            "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>"
            + "<ErrorDocument><Key>error.html</Key></ErrorDocument></WebsiteConfiguration>");
        await s.SendAsync("GET", "/BUCKET?website");
        await s.SendAsync("PUT", "/BUCKET?website", "<WebsiteConfiguration/>");
        await s.SendAsync("PUT", "/BUCKET/r", "value", ("x-amz-website-redirect-location", "http://other.example/"));
        await s.SendAsync("GET", "/BUCKET/r");
        await s.SendAsync("DELETE", "/BUCKET?website");
        await s.SendAsync("GET", "/BUCKET?website");
    }

    public static async Task OriginsAsync(Side s)
    {
        await s.SendAsync("PUT", "/BUCKET/k", "value", ("x-amz-acl", "public-read"));
        await AskAsync(s);
        await s.SendAsync("PUT", "/BUCKET?cors", Cors);
        await AskAsync(s);
        await s.SendAsync("DELETE", "/BUCKET?cors");
    }

    private static async Task AskAsync(Side s)
    {
        foreach (var origin in new[] { "https://viewer.example", "https://viewer.elsewhere" })
        {
            await s.SendAsync("GET", "/BUCKET/k", null, ("Origin", origin));
            await s.SendAsync("HEAD", "/BUCKET/k", null, ("Origin", origin));
            await s.SendAsync("GET", "/BUCKET/absent", null, ("Origin", origin));
            await s.SendUnsignedAsync(Depth.All, "GET", "/BUCKET/k", null, ("Origin", origin));
            foreach (var method in new[] { "GET", "PUT", "DELETE", "nonsense" })
            {
                await s.SendUnsignedAsync(Depth.All, "OPTIONS", "/BUCKET/k", null, ("Origin", origin),
                    ("Access-Control-Request-Method", method));
            }

            await s.SendUnsignedAsync(Depth.All, "OPTIONS", "/BUCKET/k", null, ("Origin", origin), ("Access-Control-Request-Method", "PUT"),
                ("Access-Control-Request-Headers", "x-amz-date,x-amz-meta-a"));
            await s.SendUnsignedAsync(Depth.All, "OPTIONS", "/BUCKET/k", null, ("Origin", origin), ("Access-Control-Request-Method", "PUT"),
                ("Access-Control-Request-Headers", "authorization"));
            await s.SendUnsignedAsync(Depth.All, "OPTIONS", "/BUCKET", null, ("Origin", origin), ("Access-Control-Request-Method", "GET"));
        }

        await s.SendUnsignedAsync(Depth.All, "OPTIONS", "/BUCKET/k", null);
        await s.SendUnsignedAsync(Depth.All, "OPTIONS", "/BUCKET/k", null, ("Origin", "https://viewer.example"));
        await s.SendUnsignedAsync(Depth.All, "OPTIONS", "/no-such-bucket-here/k", null, ("Origin", "https://viewer.example"),
            ("Access-Control-Request-Method", "GET"));
    }
}
