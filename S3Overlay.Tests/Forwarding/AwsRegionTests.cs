using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>
/// AWS serves each region from its own host, and refuses buckets of other regions for any signature. The proxy switches to the
/// region that the error names.
/// </summary>
public sealed class AwsRegionTests
{
    private static readonly string Large = new('x', 200_000);

    public static TheoryData<int, string, bool, bool> Refusals => new()
    {
        { 301, "PermanentRedirect", true, false },
        { 301, "PermanentRedirect", false, false },
        { 307, "TemporaryRedirect", true, false },
        { 307, "TemporaryRedirect", false, false },
        { 400, "AuthorizationHeaderMalformed", false, true },
        { 400, "IllegalLocationConstraintException", false, false },
    };

    [Theory, MemberData(nameof(Refusals)), Trait("Rule", "T3")]
    public async Task Clients_requests_go_to_the_region_of_their_bucket(int status, string code, bool inHeader, bool inDocument)
    {
        await using var aws = await FarAsync((status, code, inHeader, inDocument));
        foreach (var (method, target, body) in new[]
        {
            ("PUT", "/far/k", "value"), ("PUT", "/far/large", Large), ("GET", "/far/there", null), ("HEAD", "/far/there", null),
            ("HEAD", "/far", null), ("GET", "/far?list-type=2", null),
            ("DELETE", "/far/there", null),
        })
        {
            // Each finds out by itself, with a proxy that knows nothing yet.
            await using var proxy = await OverlayHost.StartOnAsync(aws.Machine, TwoRegions.Endpoint, null);
            var first = await proxy.SendAsync(method, target, body);
            Assert.True(first.Status is 200 or 204, $"{method} {target}: {first.Status} {first.Text}");
            Assert.DoesNotContain("amazonaws", first.Headers.GetValueOrDefault("Location") ?? "", StringComparison.Ordinal);

            aws.Home.ForgetCalls();
            Assert.Equal(200, (await proxy.SendAsync("GET", "/far/kept")).Status);
            Assert.Empty(aws.Home.Calls);
        }

        await using var after = await OverlayHost.StartOnAsync(aws.Machine, TwoRegions.Endpoint, null);
        Assert.Equal(("value", Large), ((await after.SendAsync("GET", "/far/k")).Text, (await after.SendAsync("GET", "/far/large")).Text));
        Assert.Equal(404, (await after.SendAsync("GET", "/far/there")).Status);
    }

    [Theory, MemberData(nameof(Refusals)), Trait("Rule", "R1")]
    public async Task The_remote_s_buckets_are_read_in_their_regions(int status, string code, bool inHeader, bool inDocument)
    {
        await using var aws = await FarAsync((status, code, inHeader, inDocument));
        foreach (var (method, target) in new[] { ("GET", "/far/there"), ("HEAD", "/far/there"), ("HEAD", "/far"),
            ("GET", "/far?list-type=2") })
        {
            await using var proxy = await OverlayHost.StartOnAsync(aws.Machine, null, TwoRegions.Endpoint,
                ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "minioadmin"), ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "minioadmin"));
            Assert.Equal(200, (await proxy.SendAsync(method, target)).Status);
            Assert.Equal("there", (await proxy.SendAsync("GET", "/far/there")).Text);
            Assert.Contains("<Key>there</Key>", (await proxy.SendAsync("GET", "/far?list-type=2")).Text, StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// Sub-resources that only AWS has are forwarded to AWS and to no other store, which would take them for the object itself.
    /// </summary>
    [Theory, Trait("Rule", "T3")]
    [InlineData("GET", "annotation=")]
    [InlineData("PUT", "annotation=&annotationName=a")]
    [InlineData("DELETE", "annotation&annotationName=a")]
    [InlineData("PUT", "encryption=")]
    public async Task Operations_that_only_AWS_has_go_to_it(string method, string query)
    {
        await using var aws = await FarAsync((301, "PermanentRedirect", true, false));
        await using var proxy = await OverlayHost.StartOnAsync(aws.Machine, TwoRegions.Endpoint, null);
        aws.Far.ForgetCalls();
        await proxy.SendAsync(method, "/far/there?" + query, method == "PUT" ? "note" : null);
        Assert.Contains(aws.Far.Calls, call => call.Method == method && call.Path.EndsWith("/there", StringComparison.Ordinal)
            && call.Query.TrimStart('?') == query);
    }

    [Fact, Trait("Rule", "T3")]
    public async Task A_body_that_reached_the_wrong_region_must_be_sent_again_by_the_client()
    {
        await using var aws = await FarAsync((301, "PermanentRedirect", true, false));
        aws.ReadFirst = 1000;
        await using var proxy = await OverlayHost.StartOnAsync(aws.Machine, TwoRegions.Endpoint, null);

        var refused = await proxy.SendAsync("PUT", "/far/large", Large);
        Assert.Equal((503, "1"), (refused.Status, refused.Headers.GetValueOrDefault("Retry-After")));
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/far/large", Large)).Status);
        Assert.Equal(Large, (await proxy.SendAsync("GET", "/far/large")).Text);
    }

    [Theory, Trait("Rule", "T3")]
    [InlineData(301, "PermanentRedirect", "us-east-1")]
    [InlineData(307, "TemporaryRedirect", "us-east-1")]
    [InlineData(301, "PermanentRedirect", "evil.example/eu-west-1")]
    public async Task A_client_is_never_sent_to_where_the_store_redirects_it(int status, string code, string named)
    {
        await using var aws = await FarAsync((status, code, true, true));
        aws.Named = named;
        await using var proxy = await OverlayHost.StartOnAsync(aws.Machine, TwoRegions.Endpoint, null);
        foreach (var (method, target) in new[] { ("GET", "/far/there"), ("HEAD", "/far/there"), ("DELETE", "/far/there"), ("PUT", "/far") })
        {
            var refused = await proxy.SendAsync(method, target);
            Assert.Equal((503, null), (refused.Status, refused.Headers.GetValueOrDefault("Location")));
        }
    }

    [Theory, Trait("Rule", "B1")]
    [InlineData("http://s3.eu-west-1.amazonaws.com", null)]
    [InlineData("http://s3.amazonaws.com", "eu-west-1")]
    public async Task Buckets_are_made_in_the_region_of_the_endpoint(string endpoint, string? region)
    {
        await using var aws = await FarAsync((301, "PermanentRedirect", true, false));
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("far-data", "k", "remote"u8.ToArray());
        var taken = aws.Far.Take!;

        // As at AWS, a regional host makes buckets only in its own region, so the request must name it.
        aws.Far.Take = context => taken(context)
            ?? (HttpMethods.IsPut(context.Request.Method) && context.Request.Path == "/" && context.Request.ContentLength is null or 0
            ? ScriptedRemote.RespondErrorAsync(context, 400, "IllegalLocationConstraintException")
            : null);
        await using var proxy = await OverlayHost.StartOnAsync(
            aws.Machine, new Uri(endpoint), remote.Endpoint, ("S3_OVERLAY_CACHE_BUCKET", "far-cache"),
            ("S3_OVERLAY_LOCAL_REGION", region ?? "us-east-1"));
        Assert.Contains(">eu-west-1<", (await proxy.SendAsync("GET", "/far-data?location")).Text, StringComparison.Ordinal);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/far-data/written", "mine")).Status);
        Assert.Equal("remote", (await proxy.SendAsync("GET", "/far-data/k")).Text);

        await using var plain = await OverlayHost.StartOnAsync(aws.Machine, new Uri("http://s3.eu-west-1.amazonaws.com"), null);
        foreach (var bucket in new[] { "far-cache", "far-data" })
        {
            Assert.Contains(">eu-west-1<", (await plain.SendAsync("GET", $"/{bucket}?location")).Text, StringComparison.Ordinal);
        }
    }

    [Fact, Trait("Rule", "T3")]
    public async Task A_new_bucket_is_made_where_the_endpoint_is_and_not_where_one_of_its_name_was()
    {
        await using var aws = await FarAsync((301, "PermanentRedirect", true, false));
        await using var proxy = await OverlayHost.StartOnAsync(aws.Machine, TwoRegions.Endpoint, null);
        Assert.Equal(204, (await proxy.SendAsync("DELETE", "/far/there")).Status);
        Assert.Equal(204, (await proxy.SendAsync("DELETE", "/far/kept")).Status);
        aws.Home.Take = null;
        foreach (var isDeleted in new[] { false, true })
        {
            if (isDeleted)
            {
                Assert.Equal(204, (await proxy.SendAsync("DELETE", "/far")).Status);
            }

            aws.Home.ForgetCalls();
            Assert.Equal(200, (await proxy.SendAsync("PUT", "/far")).Status);
            Assert.Single(aws.Home.Calls, call => call.Method == "PUT");
        }

        Assert.Equal(200, (await proxy.SendAsync("PUT", "/far/k", "new")).Status);
        Assert.Equal("new", (await proxy.SendAsync("GET", "/far/k")).Text);
        Assert.Contains(aws.Home.Calls, call => call.Method == "GET");
    }

    [Theory, Trait("Rule", "T3")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_failed_region_lookup_is_repeated(bool isLocal)
    {
        await using var aws = await FarAsync((301, "PermanentRedirect", true, false));
        aws.Named = "no-where-1";
        await using var proxy = await OverlayHost.StartOnAsync(
            aws.Machine, isLocal ? TwoRegions.Endpoint : null, isLocal ? null : TwoRegions.Endpoint,
            ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", isLocal ? null! : "minioadmin"),
            ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", isLocal ? null! : "minioadmin"));
        Assert.Equal(503, (await proxy.SendAsync("GET", "/far/there")).Status);
        aws.Named = "eu-west-1";
        await Patience.UntilAsync(async () => (await proxy.SendAsync("GET", "/far/there")).Status == 200,
            "The region was not asked for again.");
    }

    /// <summary>
    /// A throttled request says nothing about a region. A remote is asked for the reason of a bare 400 in any case, and that response names
    /// the region.
    /// </summary>
    [Theory, Trait("Rule", "T3")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_throttled_region_lookup_is_repeated(bool isLocal)
    {
        await using var aws = await FarAsync((400, "AuthorizationHeaderMalformed", false, false));
        aws.Throttles = 1;
        await using var proxy = await OverlayHost.StartOnAsync(
            aws.Machine, isLocal ? TwoRegions.Endpoint : null, isLocal ? null : TwoRegions.Endpoint,
            ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", isLocal ? null! : "minioadmin"),
            ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", isLocal ? null! : "minioadmin"));
        var first = await proxy.SendAsync("HEAD", "/far/there");
        Assert.Equal(isLocal ? 400 : 200, first.Status);
        Assert.Equal(0, aws.Throttles);
        Assert.Equal(200, (await proxy.SendAsync("HEAD", "/far/there")).Status);
    }

    [Theory, Trait("Rule", "T3")]
    [InlineData(400, "text/html")]
    [InlineData(301, "text/html")]
    [InlineData(400, "application/xml")]
    public async Task Long_responses_that_are_no_error_documents_are_passed_on(int status, string type)
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        store.Take = context =>
        {
            (context.Response.StatusCode, context.Response.ContentType, context.Response.ContentLength) = (status, type, Large.Length);
            return context.Response.WriteAsync(Large);
        };
        var response = await proxy.SendAsync("GET", "/bucket/k");
        Assert.Equal((status, Large), (response.Status, response.Text));
    }

    [Theory, Trait("Rule", "T3")]
    [InlineData("http://far.s3.eu-west-1.amazonaws.com/a/k?x=1", "/far/a/k?x=1")]
    [InlineData("https://s3-eu-west-1.amazonaws.com/far/k", "/far/k")]
    [InlineData("https://far.s3.amazonaws.com/k", "/far/k")]
    [InlineData("https://far.s3.eu-west-1.amazonaws.com.example.org/k", null)]
    [InlineData("https://far.example.org/k", null)]
    public async Task Locations_speak_of_the_proxy_whichever_region_s_host_they_name(string location, string? target)
    {
        await using var aws = await FarAsync((301, "PermanentRedirect", true, false));
        await using var proxy = await OverlayHost.StartOnAsync(aws.Machine, TwoRegions.Endpoint, null);
        aws.Far.Dress = context => context.Response.Headers.Location = location;
        var response = await proxy.SendAsync("GET", "/far/there");
        Assert.Equal(target is null ? location : $"{proxy.Endpoint.GetLeftPart(UriPartial.Authority)}{target}",
            response.Headers.GetValueOrDefault("Location"));
    }

    [Theory]
    [InlineData("s3.amazonaws.com", null, "s3.eu-west-1.amazonaws.com")]
    [InlineData("s3.us-east-1.amazonaws.com", "us-east-1", "s3.eu-west-1.amazonaws.com")]
    [InlineData("s3-us-west-2.amazonaws.com", "us-west-2", "s3.eu-west-1.amazonaws.com")]
    [InlineData("s3.dualstack.us-west-2.amazonaws.com", "us-west-2", "s3.dualstack.eu-west-1.amazonaws.com")]
    [InlineData("s3-fips.dualstack.us-gov-east-1.amazonaws.com", "us-gov-east-1", "s3-fips.dualstack.eu-west-1.amazonaws.com")]
    [InlineData("s3-fips.us-east-1.amazonaws.com", "us-east-1", "s3-fips.eu-west-1.amazonaws.com")]
    [InlineData("s3.cn-north-1.amazonaws.com.cn", "cn-north-1", "s3.eu-west-1.amazonaws.com.cn")]
    [InlineData("s3.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1", "s3.eu-west-1.amazonaws.eu")]
    [InlineData("s3-website-us-east-1.amazonaws.com", null, "s3-website-us-east-1.amazonaws.com")]
    [InlineData("s3-accelerate.amazonaws.com", null, "s3-accelerate.amazonaws.com")]
    [InlineData("bucket.vpce-1a2b-3c.s3.us-east-1.vpce.amazonaws.com", null, "bucket.vpce-1a2b-3c.s3.us-east-1.vpce.amazonaws.com")]
    [InlineData("s3.us-east-1.amazonaws.com.example.org", null, "s3.us-east-1.amazonaws.com.example.org")]
    [InlineData("minio", null, "minio")]
    public void A_host_of_AWS_is_of_a_region(string host, string? region, string far)
    {
        Assert.Equal(region, AwsHosts.RegionOf(host));
        Assert.Equal(far, AwsHosts.In(host, "eu-west-1"));
        Assert.Equal(host, AwsHosts.In(host, region ?? "us-east-1"));
        foreach (var named in new[] { "evil.example", "eu-west-1.evil.example/", "EU", "", "a/../b-1", "eu-west-1\n" })
        {
            Assert.Equal(host, AwsHosts.In(host, named));
        }
    }

    [Fact]
    public void An_address_is_of_its_bucket_s_region()
    {
        var address = new EndpointAddress(new Uri("https://s3.us-east-1.amazonaws.com"), AddressingStyle.Auto);
        Assert.Equal("bucket.s3.eu-west-1.amazonaws.com", address.Of("bucket", "k", "", "eu-west-1").Host);
        Assert.Equal("https://s3.eu-west-1.amazonaws.com/dotted.bucket/k",
            address.Of("dotted.bucket", "k", "", "eu-west-1").Uri.AbsoluteUri);
        Assert.Equal("bucket.s3.us-east-1.amazonaws.com", address.Of("bucket", "k", "", "us-east-1").Host);
    }

    [Theory]
    [InlineData("https://s3.eu-west-1.amazonaws.com", null, "eu-west-1")]
    [InlineData("https://s3.eu-west-1.amazonaws.com", "us-east-1", "eu-west-1")]
    [InlineData("https://s3.amazonaws.com", "eu-west-1", "eu-west-1")]
    [InlineData("https://s3.amazonaws.com", null, "us-east-1")]
    [InlineData(null, "eu-west-1", "eu-west-1")]
    [InlineData(null, null, "us-east-1")]
    [InlineData("http://minio:9000", "home", "home")]
    public void The_first_region_is_the_endpoint_s_own(string? endpoint, string? setting, string region) => Assert.Equal(
        region, new EndpointFacts(new EndpointSettings { Endpoint = endpoint is null ? null : new Uri(endpoint), Region = setting })
            .RegionOf("bucket"));

    private static async Task<TwoRegions> FarAsync((int Status, string Code, bool InHeader, bool InDocument) refusal)
    {
        var aws = await TwoRegions.StartAsync();
        aws.Refusal = refusal;
        await using var proxy = await OverlayHost.StartOnAsync(aws.Machine, new Uri("http://s3.eu-west-1.amazonaws.com"), null);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/far")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/far/there", "there")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/far/kept", "kept")).Status);
        return aws;
    }
}
