using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Contract.Access.AccessScene;

namespace S3Overlay.Tests.Contract.Access;

/// <summary>Bucket policies, accounts and public access blocks, over HTTP.</summary>
[Trait("Rule", "A2")]
public sealed class PolicyTests
{
    private const string Everybody = "\"*\"";

    [Fact]
    public async Task Half_a_surrogate_pair_is_no_policy()
    {
        await using var scene = await StartAsync(hasAcls: false);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        var policy = Policy("Allow", "\"*\"", "\\uD800");
        Assert.Equal("MalformedPolicy", (await ExpectAsync(400, scene.Main, "PUT", "/bbb?policy", policy)).Code);
    }

    [Fact]
    public async Task A_bucket_is_its_accounts_alone_until_its_policy_opens_it()
    {
        await using var scene = await StartAsync(hasAcls: false);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/k", "value");
        await ExpectAsync(200, scene.Clerk, "GET", "/bbb/k");
        await ExpectAsync(403, scene.Alt, "GET", "/bbb/k");
        await ExpectAsync(403, scene.Alt, "GET", "/bbb");
        await ExpectAsync(403, scene.Alt, "PUT", "/bbb/k", "other");
        await ExpectAsync(403, scene.Alt, "DELETE", "/bbb/k");
        Assert.Equal("BucketAlreadyExists", (await ExpectAsync(409, scene.Alt, "PUT", "/bbb")).Code);
        Assert.DoesNotContain("<Name>bbb<", (await ExpectAsync(200, scene.Alt, "GET", "/")).Text, StringComparison.Ordinal);
        Assert.Contains("<ID>main-id</ID>", (await ExpectAsync(200, scene.Main, "GET", "/")).Text, StringComparison.Ordinal);

        await ExpectAsync(204, scene.Main, "PUT", "/bbb?policy", Policy("Allow", "{\"AWS\":\"arn:aws:iam::alt-id:root\"}", "s3:GetObject"));
        Assert.Equal("value", (await ExpectAsync(200, scene.Alt, "GET", "/bbb/k")).Text);
        await ExpectAsync(403, scene.Alt, "GET", "/bbb");
        await ExpectAsync(403, scene.Alt, "PUT", "/bbb/k", "other");
        await scene.ExpectAnonymousAsync(403, "GET", "/bbb/k");
        await ExpectAsync(403, scene.Alt, "GET", "/bbb/absent");
        await ExpectAsync(204, scene.Main, "DELETE", "/bbb?policy");
        await ExpectAsync(403, scene.Alt, "GET", "/bbb/k");
    }

    [Fact]
    public async Task A_policy_is_shown_as_it_was_set_and_only_the_right_owner_sets_it()
    {
        await using var scene = await StartAsync(hasAcls: false);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        Assert.Equal("NoSuchBucketPolicy", (await ExpectAsync(404, scene.Main, "GET", "/bbb?policy")).Code);
        Assert.Equal("NoSuchBucketPolicy", (await ExpectAsync(404, scene.Main, "GET", "/bbb?policyStatus")).Code);
        var policy = Policy("Deny", Everybody, "s3:DeleteObject");
        await ExpectAsync(403, scene.Clerk, "PUT", "/bbb?policy", policy);
        await ExpectAsync(403, scene.Alt, "PUT", "/bbb?policy", policy);
        await ExpectAsync(204, scene.Main, "PUT", "/bbb?policy", policy);
        var shown = await ExpectAsync(200, scene.Clerk, "GET", "/bbb?policy");
        Assert.Equal(policy, shown.Text);
        Assert.Equal("application/json", shown.Headers["Content-Type"]);
        Assert.Contains("<IsPublic>false</IsPublic>", (await ExpectAsync(200, scene.Main, "GET", "/bbb?policyStatus")).Text,
            StringComparison.Ordinal);
        await ExpectAsync(403, scene.Clerk, "DELETE", "/bbb?policy");
        Assert.Equal("MalformedPolicy", (await ExpectAsync(400, scene.Main, "PUT", "/bbb?policy", "{}")).Code);
        Assert.Equal("PolicyTooLarge", (await ExpectAsync(400, scene.Main, "PUT", "/bbb?policy", new string(' ', 20481))).Code);
        Assert.Equal(policy, (await ExpectAsync(200, scene.Main, "GET", "/bbb?policy")).Text);
    }

    [Fact]
    public async Task A_deny_wins_over_every_right_but_does_not_lock_the_owner_out()
    {
        await using var scene = await StartAsync(hasAcls: false);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/k", "value");
        await ExpectAsync(204, scene.Main, "PUT", "/bbb?policy", Policy("Deny", Everybody, "*"));
        await ExpectAsync(403, scene.Main, "GET", "/bbb/k");
        await ExpectAsync(403, scene.Main, "GET", "/bbb");
        await ExpectAsync(403, scene.Main, "PUT", "/bbb/k", "other");
        await ExpectAsync(200, scene.Main, "PUT", "/ccc");
        await ExpectAsync(403, scene.Main, "PUT", "/ccc/k", null, ("x-amz-copy-source", "/bbb/k"));
        await ExpectAsync(403, scene.Clerk, "GET", "/bbb?policy");
        await ExpectAsync(204, scene.Main, "DELETE", "/bbb?policy");
        await ExpectAsync(200, scene.Main, "GET", "/bbb/k");
    }

    [Fact]
    public async Task DeleteObjects_asks_the_policy_about_each_key()
    {
        await using var scene = await StartAsync(hasAcls: false);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        foreach (var key in (string[])["a/1", "a/2", "b/1"])
        {
            await ExpectAsync(200, scene.Main, "PUT", $"/bbb/{key}", "value");
        }

        const string Statements =
            """
            {"Statement":[{"Effect":"Allow","Principal":{"AWS":"alt-id"},"Action":"s3:DeleteObject","Resource":"arn:aws:s3:::bbb/a/*"},
              {"Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::bbb/a/2"}]}
            """;
        await ExpectAsync(204, scene.Main, "PUT", "/bbb?policy", Statements);
        const string Document =
            "<Delete><Object><Key>a/1</Key></Object><Object><Key>a/2</Key></Object><Object><Key>b/1</Key></Object></Delete>";
        var body = System.Text.Encoding.UTF8.GetBytes(Document);
        var digest = ("Content-MD5", Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(body)));
        var deleted = await ExpectAsync(200, scene.Alt, "POST", "/bbb?delete", Document, digest);
        Assert.Contains("<Deleted><Key>a/1</Key>", deleted.Text, StringComparison.Ordinal);
        Assert.Equal(2, deleted.Text.Split("<Code>AccessDenied</Code>").Length - 1);
        deleted = await ExpectAsync(200, scene.Main, "POST", "/bbb?delete", Document, digest);
        Assert.Equal(1, deleted.Text.Split("<Code>AccessDenied</Code>").Length - 1);
        await ExpectAsync(200, scene.Main, "GET", "/bbb/a/2");
    }

    [Fact]
    public async Task Conditions_look_at_the_request_and_at_the_object()
    {
        await using var scene = await StartAsync(hasAcls: false);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        await scene.UnblockAsync();
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/public", "value", ("x-amz-tagging", "access=public"));
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/private", "value", ("x-amz-tagging", "access=private"));
        await SetAsync("\"StringEquals\":{\"s3:ExistingObjectTag/access\":\"public\"}", "s3:GetObject");
        await scene.ExpectAnonymousAsync(200, "GET", "/bbb/public");
        await scene.ExpectAnonymousAsync(403, "GET", "/bbb/private");
        await SetAsync("\"StringLike\":{\"aws:Referer\":\"http://here/*\"}", "s3:GetObject");
        await scene.ExpectAnonymousAsync(403, "GET", "/bbb/public");
        await scene.ExpectAnonymousAsync(200, "GET", "/bbb/public", null, ("Referer", "http://here/page"));
        await SetAsync("\"IpAddress\":{\"aws:SourceIp\":[\"127.0.0.0/8\",\"::1\"]}", "s3:GetObject");
        await scene.ExpectAnonymousAsync(200, "GET", "/bbb/public");
        await SetAsync("\"IpAddress\":{\"aws:SourceIp\":\"192.0.2.0/24\"}", "s3:GetObject");
        await scene.ExpectAnonymousAsync(403, "GET", "/bbb/public");
        await SetAsync("\"StringEquals\":{\"s3:prefix\":\"a/\"}", "s3:ListBucket");
        await scene.ExpectAnonymousAsync(200, "GET", "/bbb?prefix=a/");
        await scene.ExpectAnonymousAsync(403, "GET", "/bbb?prefix=");
        await scene.ExpectAnonymousAsync(404, "GET", "/bbb/a/");
        await scene.ExpectAnonymousAsync(403, "GET", "/bbb/c");

        // The tags of PutObjectTagging are in its body.
        await SetAsync("\"StringEquals\":{\"s3:RequestObjectTag/access\":\"public\"}", "s3:PutObjectTagging");
        await scene.ExpectAnonymousAsync(200, "PUT", "/bbb/private?tagging", Tags("public"));
        await scene.ExpectAnonymousAsync(403, "PUT", "/bbb/private?tagging", Tags("secret"));
        Assert.Contains("public", (await ExpectAsync(200, scene.Main, "GET", "/bbb/private?tagging")).Text, StringComparison.Ordinal);

        async Task SetAsync(string condition, string action) => await ExpectAsync(
            204, scene.Main, "PUT", "/bbb?policy", Policy("Allow", Everybody, action, ",\"Condition\":{" + condition + "}"));

        static string Tags(string value) => $"<Tagging><TagSet><Tag><Key>access</Key><Value>{value}</Value></Tag></TagSet></Tagging>";
    }

    [Theory]
    [InlineData("\"StringEquals\":{\"s3:object-lock-mode\":\"COMPLIANCE\"}", "COMPLIANCE", 1, 403)]
    [InlineData("\"StringEquals\":{\"s3:object-lock-mode\":\"COMPLIANCE\"}", "GOVERNANCE", 1, 200)]
    [InlineData("\"NumericGreaterThan\":{\"s3:object-lock-remaining-retention-days\":\"10\"}", "GOVERNANCE", 11, 403)]
    [InlineData("\"NumericGreaterThan\":{\"s3:object-lock-remaining-retention-days\":\"10\"}", "GOVERNANCE", 10, 200)]
    [InlineData("\"NumericLessThan\":{\"s3:object-lock-remaining-retention-days\":\"10\"}", "GOVERNANCE", 10, 200)]
    [InlineData("\"DateGreaterThan\":{\"s3:object-lock-retain-until-date\":\"2030-01-01T00:00:00Z\"}", "GOVERNANCE", 3650, 403)]
    [InlineData("\"StringEquals\":{\"s3:object-lock-legal-hold\":\"ON\"}", "GOVERNANCE", 1, 200)]
    public async Task Conditions_on_a_retention_look_at_headers_and_bodies(string condition, string mode, int days, int status)
    {
        await using var scene = await StartAsync(hasAcls: false);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb", null, ("x-amz-bucket-object-lock-enabled", "true"));
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/k", "value");
        await ExpectAsync(204, scene.Main, "PUT", "/bbb?policy",
            Policy("Deny", Everybody, "s3:PutObjectRetention", ",\"Condition\":{" + condition + "}"));
        var until = DateTime.UtcNow.AddDays(days).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        var document = $"<Retention><Mode>{mode}</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>";
        var digest = Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(document)));
        await ExpectAsync(status, scene.Clerk, "PUT", "/bbb/other", "value", ("x-amz-object-lock-mode", mode),
            ("x-amz-object-lock-retain-until-date", until), ("Content-MD5", "IGPBYI1uC6+AJJxC4r5YBA=="));
        await ExpectAsync(status, scene.Clerk, "PUT", "/bbb/k?retention", document, ("Content-MD5", digest));
    }

    [Fact]
    public async Task Conditions_on_a_legal_hold_look_at_its_body()
    {
        await using var scene = await StartAsync(hasAcls: false);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb", null, ("x-amz-bucket-object-lock-enabled", "true"));
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/k", "value");
        await ExpectAsync(204, scene.Main, "PUT", "/bbb?policy", Policy("Deny", Everybody, "s3:PutObjectLegalHold",
            ",\"Condition\":{\"StringEquals\":{\"s3:object-lock-legal-hold\":\"OFF\"}}"));
        foreach (var (state, status) in new[] { ("ON", 200), ("OFF", 403) })
        {
            var document = $"<LegalHold><Status>{state}</Status></LegalHold>";
            var digest = Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(document)));
            await ExpectAsync(status, scene.Clerk, "PUT", "/bbb/k?legal-hold", document, ("Content-MD5", digest));
        }
    }

    /// <summary>
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html: a copy gets its source's tags unless it replaces them.
    /// </summary>
    [Fact]
    public async Task A_copy_needs_the_rights_to_the_tags_that_it_copies()
    {
        await using var scene = await StartAsync(hasAcls: false);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/tagged", "value", ("x-amz-tagging", "a=b"));
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/plain", "value");
        await ExpectAsync(200, scene.Alt, "PUT", "/alts");
        await SetAsync("[\"s3:GetObject\"]");
        await CopyAsync(200, scene.Alt, "/alts/copy", "plain");
        await CopyAsync(403, scene.Alt, "/alts/copy", "tagged");
        await CopyAsync(403, scene.Alt, "/alts/copy", "tagged", ("x-amz-tagging-directive", "COPY"));
        await CopyAsync(200, scene.Alt, "/alts/copy", "tagged", ("x-amz-tagging-directive", "REPLACE"));
        await SetAsync("[\"s3:GetObject\",\"s3:GetObjectTagging\",\"s3:PutObject\"]");
        await CopyAsync(200, scene.Alt, "/alts/copy", "tagged");
        Assert.Contains("<Key>a</Key>", (await ExpectAsync(200, scene.Alt, "GET", "/alts/copy?tagging")).Text, StringComparison.Ordinal);

        // The tags are written, too.
        await CopyAsync(200, scene.Alt, "/bbb/copy", "plain");
        await CopyAsync(403, scene.Alt, "/bbb/copy", "tagged");
        await CopyAsync(200, scene.Alt, "/bbb/copy", "tagged", ("x-amz-tagging-directive", "REPLACE"));
        await CopyAsync(403, scene.Alt, "/bbb/copy", "plain", ("x-amz-tagging-directive", "REPLACE"), ("x-amz-tagging", "c=d"));
        await SetAsync("[\"s3:GetObject\",\"s3:GetObjectTagging\",\"s3:PutObject\",\"s3:PutObjectTagging\"]");
        await CopyAsync(200, scene.Alt, "/bbb/copy", "tagged");

        // A deny of the tags is one of the copy, also for the owner.
        await ExpectAsync(204, scene.Main, "PUT", "/bbb?policy", Policy("Deny", Everybody, "s3:GetObjectTagging"));
        await CopyAsync(403, scene.Main, "/bbb/copy", "tagged");
        await CopyAsync(200, scene.Main, "/bbb/copy", "plain");

        Task<RawResponse> CopyAsync(int status, SignedHttp client, string target, string key, params (string, string)[] headers) =>
            ExpectAsync(status, client, "PUT", target, null, [("x-amz-copy-source", "/bbb/" + key), .. headers]);

        async Task SetAsync(string actions) => await ExpectAsync(204, scene.Main, "PUT", "/bbb?policy",
            $$$"""
            {"Statement":[{"Effect":"Allow","Principal":{"AWS":"alt-id"},"Action":{{{actions}}},"Resource":"arn:aws:s3:::bbb/*"}]}
            """);
    }

    [Fact]
    public async Task A_public_access_block_refuses_and_restricts_public_policies()
    {
        await using var scene = await StartAsync(hasAcls: false);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/k", "value");
        var open = Policy("Allow", Everybody, "s3:GetObject");
        Assert.Contains("<BlockPublicPolicy>true<", (await ExpectAsync(200, scene.Main, "GET", "/bbb?publicAccessBlock")).Text,
            StringComparison.Ordinal);
        await ExpectAsync(403, scene.Main, "PUT", "/bbb?policy", open);
        await ExpectAsync(403, scene.Clerk, "DELETE", "/bbb?publicAccessBlock");
        await scene.UnblockAsync();
        await scene.UnblockAsync();
        Assert.Equal("NoSuchPublicAccessBlockConfiguration", (await ExpectAsync(404, scene.Main, "GET", "/bbb?publicAccessBlock")).Code);
        await ExpectAsync(204, scene.Main, "PUT", "/bbb?policy", open);
        Assert.Contains("<IsPublic>true</IsPublic>", (await ExpectAsync(200, scene.Main, "GET", "/bbb?policyStatus")).Text,
            StringComparison.Ordinal);
        await scene.ExpectAnonymousAsync(200, "GET", "/bbb/k");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb?publicAccessBlock",
            "<PublicAccessBlockConfiguration><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>");
        Assert.Contains("<BlockPublicPolicy>false<", (await ExpectAsync(200, scene.Main, "GET", "/bbb?publicAccessBlock")).Text,
            StringComparison.Ordinal);
        await scene.ExpectAnonymousAsync(403, "GET", "/bbb/k");
        await ExpectAsync(403, scene.Alt, "GET", "/bbb/k");
        await ExpectAsync(200, scene.Clerk, "GET", "/bbb/k");
    }

    [Fact]
    public async Task Keys_without_an_id_share_one_account_and_see_no_difference()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["keys.json"],
            """
            [ { "accessKey": "one", "secretKey": "one-here", "rights": { "*": "write" } },
              { "accessKey": "two", "secretKey": "two-here", "rights": { "*": "read" } } ]
            """);
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_KEYS_FILE", folder["keys.json"]));
        var (one, two) = (new SignedHttp(proxy.Endpoint, "one", "one-here"), new SignedHttp(proxy.Endpoint, "two", "two-here"));
        await ExpectAsync(200, one, "PUT", "/bbb");
        await ExpectAsync(200, one, "PUT", "/bbb/k", "value");
        await ExpectAsync(200, two, "GET", "/bbb/k");
        await ExpectAsync(403, two, "PUT", "/bbb/k", "other");
        await ExpectAsync(403, one, "PUT", "/bbb?policy", Policy("Deny", Everybody, "*"));
    }

    [Fact]
    public async Task An_unsigned_request_learns_that_a_bucket_does_not_exist()
    {
        await using var scene = await StartAsync(hasAcls: false);
        Assert.Equal("NoSuchBucket", (await scene.ExpectAnonymousAsync(404, "GET", "/absent/k")).Code);
        Assert.Equal("NoSuchBucket", (await scene.ExpectAnonymousAsync(404, "PUT", "/absent/k", "v")).Code);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        await scene.ExpectAnonymousAsync(403, "GET", "/bbb/k");
    }
}
