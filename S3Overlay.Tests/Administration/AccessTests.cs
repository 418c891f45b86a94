using System.Text;
using System.Text.Json;

using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>Who may call the administration. Refused and malformed calls get JSON and never a 500 (rule A5).</summary>
[Trait("Rule", "A5")]
public sealed class AccessTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(
            _folder["keys.json"],
            """
            [ { "accessKey": "writer", "secretKey": "writer-secret", "rights": { "*": "write" } },
              { "accessKey": "operator", "secretKey": "operator-secret", "rights": { "*": "write" }, "admin": true },
              { "accessKey": "caretaker", "secretKey": "caretaker-secret", "rights": {}, "admin": true } ]
            """);
        _proxy = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_KEYS_FILE", _folder["keys.json"]),
            ("S3_OVERLAY_DOMAIN", "s3.test"));
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Unsigned_calls_are_refused()
    {
        foreach (var method in (string[])["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"])
        {
            var response = await new SignedHttp(_proxy.Endpoint).SendUnsignedAsync(
                method, "/-/v1/drop?all=true", null, ("Origin", "http://page.test"));
            Assert.Equal(403, response.Status);
            Assert.DoesNotContain("Access-Control-Allow-Origin", response.Headers.Keys, StringComparer.OrdinalIgnoreCase);
        }
    }

    /// <summary>A page from another origin is refused, even with its own keys and even for reads.</summary>
    [Theory]
    [InlineData("Origin", "http://page.test")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    public async Task Pages_of_other_origins_are_refused(string header, string value)
    {
        foreach (var (method, call) in ((string, string)[])[("POST", "/-/v1/drop?all=true"), ("GET", "/-/v1/tombstones")])
        {
            Assert.Equal(200, (await Client("operator").SendAsync(method, call)).Status);
            var response = await Client("operator").SendAsync(method, call, null, (header, value));
            Assert.Equal((403, "AccessDenied"), (response.Status, CodeOf(response)));
            Assert.DoesNotContain("Access-Control-Allow-Origin", response.Headers.Keys, StringComparer.OrdinalIgnoreCase);
        }

        Assert.Equal(
            200, (await Client("operator").SendAsync("GET", "/-/v1/tombstones", null, ("Origin", $"http://{_proxy.Endpoint.Authority}"),
            ("Sec-Fetch-Site", "same-origin"))).Status);
    }

    [Fact]
    public async Task A_key_that_may_do_everything_else_is_refused() =>
        await AssertErrorAsync(403, "AccessDenied", Client("writer"), "POST", "/-/v1/drop?all=true");

    [Fact]
    public async Task A_key_that_may_administer_may_do_that_and_no_more()
    {
        Assert.Equal(200, (await Client("operator").SendAsync("POST", "/-/v1/drop?all=true")).Status);
        Assert.Equal(200, (await Client("caretaker").SendAsync("POST", "/-/v1/drop?all=true")).Status);
        Assert.Equal(403, (await Client("caretaker").SendAsync("PUT", "/bucket")).Status);
    }

    [Fact]
    public async Task A_wrong_signature_is_refused() =>
        await AssertErrorAsync(403, "SignatureDoesNotMatch", new SignedHttp(_proxy.Endpoint, "operator", "guessed"), "POST",
            "/-/v1/drop?all=true");

    [Fact]
    public async Task A_signature_that_leaves_parameters_open_is_refused()
    {
        var response = await new SignedHttp(_proxy.Endpoint).SendUnsignedAsync(
            "POST", "/-/v1/drop?all=true", null, ("Authorization", "AWS operator:c2lnbmF0dXJl"));
        Assert.Equal(400, response.Status);
        Assert.Equal("InvalidRequest", CodeOf(response));
    }

    [Fact]
    public async Task What_is_switched_off_for_clients_stays_on_here()
    {
        await using var open = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_AUTH", "none"));
        Assert.Equal(200, (await open.Http.SendUnsignedAsync("PUT", "/bucket")).Status);
        Assert.Equal(403, (await open.Http.SendUnsignedAsync("POST", "/-/v1/drop?all=true")).Status);
        Assert.Equal(200, (await open.SendAsync("POST", "/-/v1/drop?all=true")).Status);
    }

    [Theory]
    [InlineData("GET", "/-")]
    [InlineData("GET", "/-/")]
    [InlineData("GET", "/-/v1")]
    [InlineData("GET", "/-/v1/")]
    [InlineData("POST", "/-/v1/dorp?all=true")]
    [InlineData("POST", "/-/v1/drop/?all=true")]
    [InlineData("POST", "/-/v2/drop?all=true")]
    [InlineData("PUT", "/-/key")]
    [InlineData("PUT", "/-")]
    public async Task Unknown_calls_are_not_found(string method, string target) =>
        await AssertErrorAsync(404, "NoSuchCall", Client("operator"), method, target);

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task A_call_has_one_method(string method)
    {
        var response = await AssertErrorAsync(405, "MethodNotAllowed", Client("operator"), method, "/-/v1/drop?all=true");
        Assert.Equal("POST", response.Headers["Allow"]);
    }

    [Theory]
    [InlineData("drop", "InvalidArgument")]
    [InlineData("drop?all=false", "InvalidArgument")]
    [InlineData("drop?all", "InvalidArgument")]
    [InlineData("drop?all=yes", "InvalidArgument")]
    [InlineData("drop?all=true&bucket=b", "InvalidArgument")]
    [InlineData("drop?buket=b", "InvalidArgument")]
    [InlineData("drop?bucket=b&bucket=c", "InvalidArgument")]
    [InlineData("drop?bucket=b&key=k&prefix=p", "InvalidArgument")]
    [InlineData("drop?bucket=b&key=", "InvalidArgument")]
    [InlineData("drop?key=k", "InvalidArgument")]
    [InlineData("drop?bucket=", "InvalidBucketName")]
    [InlineData("drop?bucket=a/b", "InvalidBucketName")]
    [InlineData("drop?bucket=b&key=%ff", "InvalidURI")]
    [InlineData("discard", "InvalidArgument")]
    [InlineData("discard?bucket=..", "InvalidBucketName")]
    public async Task A_wrong_parameter_is_named(string call, string code)
    {
        var response = await AssertErrorAsync(400, code, Client("operator"), "POST", "/-/v1/" + call);
        Assert.NotEmpty(JsonDocument.Parse(response.Text).RootElement.GetProperty("message").GetString()!);
    }

    [Fact]
    public async Task A_key_that_is_too_long_is_refused() => await AssertErrorAsync(
        400, "KeyTooLongError", Client("operator"), "POST", "/-/v1/drop?bucket=b&key=" + new string('k', 1025));

    [Fact]
    public async Task Parameters_in_a_body_are_refused()
    {
        var response = await Client("operator").SendAsync("POST", "/-/v1/drop?bucket=b", "key=k"u8.ToArray());
        Assert.Equal((400, "InvalidArgument"), (response.Status, CodeOf(response)));
    }

    [Fact]
    public async Task The_overlays_own_bucket_is_not_found()
    {
        await AssertErrorAsync(404, "NoSuchBucket", Client("operator"), "POST", "/-/v1/drop?bucket=s3-overlay-cache");
        await AssertErrorAsync(404, "NoSuchBucket", Client("operator"), "POST", "/-/v1/discard?bucket=S3-Overlay-Cache");
    }

    [Fact]
    public async Task Under_a_buckets_own_host_name_the_same_path_is_a_key()
    {
        Assert.Equal(200, (await Client("writer").SendAsync("PUT", "/bucket")).Status);
        var port = _proxy.Endpoint.Port;
        var client = new SignedHttp(_proxy.Endpoint, "writer", "writer-secret") { Host = $"bucket.s3.test:{port}" };
        Assert.Equal(200, (await client.SendAsync("PUT", "/-/v1/drop", "mine"u8.ToArray())).Status);
        Assert.Equal("mine", (await Client("writer").SendAsync("GET", "/bucket/-/v1/drop")).Text);
        var host = new SignedHttp(_proxy.Endpoint, "operator", "operator-secret") { Host = $"s3.test:{port}" };
        Assert.Equal(200, (await host.SendAsync("POST", "/-/v1/drop?all=true")).Status);
    }

    /// <summary>A leaked presigned URL must not give access to the administration.</summary>
    [Fact]
    public async Task A_presigned_address_is_refused()
    {
        var signer = new RequestSigner(new SigningCredentials("operator", "operator-secret"), "us-east-1");
        var query = signer.Presign("POST", _proxy.Endpoint.Authority, "/-/v1/drop", "all=true", [], DateTimeOffset.UtcNow,
            TimeSpan.FromHours(1));
        foreach (var link in (string[])[query, "AWSAccessKeyId=operator&Expires=9175139620&Signature=c2lnbmF0dXJl"])
        {
            var response = await new SignedHttp(_proxy.Endpoint).SendUnsignedAsync("POST", "/-/v1/drop?" + link);
            Assert.Equal((403, "AccessDenied"), (response.Status, CodeOf(response)));
        }
    }

    private SignedHttp Client(string key) => new(_proxy.Endpoint, key, key + "-secret");

    private static async Task<RawResponse> AssertErrorAsync(int status, string code, SignedHttp client, string method, string target)
    {
        var response = await client.SendAsync(method, target);
        Assert.Equal((status, code), (response.Status, CodeOf(response)));
        return response;
    }

    private static string CodeOf(RawResponse response)
    {
        Assert.Equal("application/json", response.Headers["Content-Type"]);
        var error = JsonDocument.Parse(Encoding.UTF8.GetString(response.Body)).RootElement;
        Assert.Equal(response.Headers["x-amz-request-id"], error.GetProperty("requestId").GetString());
        return error.GetProperty("code").GetString()!;
    }
}
