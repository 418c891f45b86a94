using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Xml;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>See <see cref="HiddenNamesTests"/>: in buckets of the built-in store, with what only that has.</summary>
public sealed class HiddenNamesInBuiltInTests : HiddenNamesTests
{
    [Fact]
    public async Task Hidden_uploads_are_not_listed()
    {
        var root = S3XmlReader.Parse((await Proxy.SendAsync("GET", "/plain?uploads&max-uploads=1")).Body);
        Assert.Equal(["shown-upload"], Names(root));
        Assert.Equal("false", root.ChildText("IsTruncated"));
    }

    [Fact]
    public async Task A_form_cannot_upload_under_a_hidden_prefix()
    {
        const string Form = "--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nprivate/form\r\n--x\r\n"
            + "Content-Disposition: form-data; name=\"file\"\r\n\r\ntext\r\n--x--\r\n";
        var answer = await Proxy.SendAsync("POST", "/plain", Form, ("Content-Type", "multipart/form-data; boundary=x"));
        Assert.Equal((403, "AccessDenied"), (answer.Status, answer.Code));
    }

    [Fact]
    public void A_name_is_hidden_however_it_is_spelt()
    {
        var hidden = new HiddenNames(["b", "photos/x/", "photos/y"]);
        Assert.Equal([true, true, false], [hidden.Hides("b"), hidden.Hides("t:b"), hidden.Hides("photos")]);
        Assert.All((string[])["x/1", "yz", "a/../x/1", "/x/1", "./x//1"], key => Assert.True(hidden.Covers("photos", key), key));
        Assert.All((string[])["z", "x", "a/x/1", "x/../z"], key => Assert.Equal(key == "x/../z", hidden.Covers("photos", key)));
        Assert.False(hidden.Hides("photos", "a/../x/1"));
    }

    [Fact]
    public async Task No_policy_and_no_owner_shows_what_is_hidden()
    {
        const string Policy = "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":"
            + "[\"s3:GetObject\",\"s3:PutObjectTagging\",\"s3:ListBucket\"],"
            + "\"Resource\":[\"arn:aws:s3:::plain\",\"arn:aws:s3:::plain/*\"]}]}";
        Assert.Equal(204, (await Proxy.SendAsync("DELETE", "/plain?publicAccessBlock")).Status);
        Assert.Equal(204, (await Proxy.SendAsync("PUT", "/plain?policy", Policy)).Status);
        Assert.Equal("text", (await UnsignedAsync("GET", "/plain/z")).Text);
        foreach (var target in (string[])["/plain/private/a", "/plain/private/none", "/plain/none"])
        {
            var answer = await UnsignedAsync("GET", target);
            Assert.Equal((target, 404, "NoSuchKey"), (target, answer.Status, answer.Code));
        }

        const string Tags = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
        Assert.Equal(200, (await UnsignedAsync("PUT", "/plain/z?tagging", Tags)).Status);
        Assert.Equal((403, 403), ((await UnsignedAsync("PUT", "/plain/private/a?tagging", Tags)).Status,
            (await UnsignedAsync("PUT", "/plain/private/none?tagging", Tags)).Status));
        Assert.Equal((404, 404), ((await UnsignedAsync("PUT", "/secrets/key?tagging", Tags)).Status,
            (await UnsignedAsync("PUT", "/gone/key?tagging", Tags)).Status));
    }

    [Theory]
    [InlineData("lifecycle", "<LifecycleConfiguration><Rule><ID>a</ID><Status>Enabled</Status><Filter><Prefix>RULE</Prefix></Filter>"
        + "<Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>", "tmp/ zz/", " private/ private/a p mixed/")]
    [InlineData("logging", "<BucketLoggingStatus><LoggingEnabled><TargetBucket>plain</TargetBucket><TargetPrefix>RULE</TargetPrefix>"
        + "</LoggingEnabled></BucketLoggingStatus>", "logs/ p", "private/ private/logs/")]
    public async Task No_configuration_reaches_hidden_keys(string name, string document, string allowed, string refused)
    {
        foreach (var (prefixes, status) in ((string, int)[])[(allowed, 200), (refused, 403)])
        {
            foreach (var prefix in prefixes.Split(' '))
            {
                var answer = await Proxy.SendAsync("PUT", "/plain?" + name, document.Replace("RULE", prefix, StringComparison.Ordinal));
                Assert.Equal((prefix, status), (prefix, answer.Status));
            }
        }
    }

    /// <summary>Which of several prefixes counts, a store decides. What has none is about all keys.</summary>
    [Theory]
    [InlineData("lifecycle", "<Filter><Prefix>tmp/</Prefix><Prefix>private/</Prefix></Filter>")]
    [InlineData("lifecycle", "<Prefix>tmp/</Prefix><Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>")]
    [InlineData("lifecycle", "<Prefix>tmp/</Prefix><Filter/>")]
    [InlineData("lifecycle", "<Filter><Prefix>tmp/</Prefix></Filter><Filter/>")]
    [InlineData("lifecycle", "<Filter><Prefix>tmp/</Prefix><And><ObjectSizeGreaterThan>0</ObjectSizeGreaterThan></And></Filter>")]
    [InlineData("logging", "<TargetPrefix>logs/</TargetPrefix><TargetPrefix>private/</TargetPrefix>")]
    public async Task A_second_prefix_or_filter_reaches_no_hidden_keys(string name, string prefixes)
    {
        var answer = await Proxy.SendAsync("PUT", "/plain?" + name, name == "lifecycle"
            ? $"<LifecycleConfiguration><Rule><ID>a</ID><Status>Enabled</Status>{prefixes}<Expiration><Days>1</Days></Expiration></Rule>"
                + "</LifecycleConfiguration>"
            : $"<BucketLoggingStatus><LoggingEnabled><TargetBucket>plain</TargetBucket>{prefixes}</LoggingEnabled></BucketLoggingStatus>");
        Assert.Equal(403, answer.Status);
    }

    [Fact]
    public async Task No_log_goes_to_a_hidden_bucket()
    {
        foreach (var target in (string[])["secrets", "nowhere"])
        {
            var answer = await Proxy.SendAsync("PUT", "/plain?logging", "<BucketLoggingStatus><LoggingEnabled><TargetBucket>" + target
                + "</TargetBucket><TargetPrefix/></LoggingEnabled></BucketLoggingStatus>");
            Assert.Equal((target, 400, "InvalidTargetBucketForLogging"), (target, answer.Status, answer.Code));
            Assert.Contains("The target bucket for logging does not exist", answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Other_addresses_of_a_bucket_hide_the_same()
    {
        var byHost = new SignedHttp(Proxy.Endpoint) { Host = $"plain.localhost:{Proxy.Endpoint.Port}" };
        Assert.Equal("text", (await byHost.SendAsync("GET", "/z")).Text);
        Assert.Equal((404, "NoSuchKey"), Of(await byHost.SendAsync("GET", "/private/a")));
        Assert.Equal(403, (await byHost.SendAsync("PUT", "/private/a", "x"u8.ToArray())).Status);
        Assert.DoesNotContain("private", (await byHost.SendAsync("GET", "/?list-type=2")).Text, StringComparison.Ordinal);
        var hidden = new SignedHttp(Proxy.Endpoint) { Host = $"secrets.localhost:{Proxy.Endpoint.Port}" };
        Assert.Equal((404, "NoSuchBucket"), Of(await hidden.SendAsync("GET", "/key")));

        static (int, string) Of(RawResponse answer) => (answer.Status, answer.Code);
    }

    [Fact]
    public async Task Lists_of_buckets_have_whole_pages()
    {
        foreach (var bucket in (string[])["/aaa", "/zzz"])
        {
            Assert.Equal(200, (await Proxy.SendAsync("PUT", bucket)).Status);
        }

        List<string> seen = [];
        for (var more = ""; seen.Count < 9;)
        {
            var root = S3XmlReader.Parse((await Proxy.SendAsync("GET", "/?max-buckets=1" + more)).Body);
            seen.Add(root.Children("Buckets").Single().Children("Bucket").Single().ChildText("Name")!);
            if (root.ChildText("ContinuationToken") is not { } token)
            {
                break;
            }

            more = "&continuation-token=" + Uri.EscapeDataString(token);
        }

        Assert.Equal(["aaa", "plain", "zzz"], seen);
    }

    private Task<RawResponse> UnsignedAsync(string method, string target, string? body = null) =>
        Proxy.Http.SendUnsignedAsync(method, target, body is null ? null : System.Text.Encoding.UTF8.GetBytes(body));
}
