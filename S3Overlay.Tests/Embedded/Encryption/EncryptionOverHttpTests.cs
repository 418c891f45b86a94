using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded.Encryption;

/// <summary>Encryption as clients see it: over TLS, over plain HTTP, after a kill, and without the database.</summary>
public sealed class EncryptionOverHttpTests : IAsyncLifetime
{
    private const string Method = "x-amz-server-side-encryption";
    private const int Size = 200_000;

    private static readonly byte[] Whole = EmbeddedBench.Bytes(Size);

    private readonly TemporaryFolder _folder = new();
    private ProxyProcess _proxy = null!;
    private SignedHttp _http = null!;

    public async Task InitializeAsync()
    {
        await StartAsync();
        await SendAsync("PUT", "/bucket");
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    [Trait("Rule", "W9")]
    public async Task Objects_are_read_in_ranges_after_a_kill_and_after_a_rebuild()
    {
        foreach (var way in (string[])["s3", "kms", "c"])
        {
            await SendAsync("PUT", $"/bucket/{way}", Whole, EncryptionBench.Write(way));
            await UploadAsync(way);
        }

        await CheckAsync();
        await _proxy.KillAsync();
        await _proxy.DisposeAsync();
        await StartAsync();
        await CheckAsync();
        Assert.Equal(0, await _proxy.TerminateAsync());
        await _proxy.DisposeAsync();
        foreach (var file in Directory.GetFiles(_folder["data"], "store.*"))
        {
            File.Delete(file);
        }

        await StartAsync();
        await CheckAsync();

        async Task CheckAsync()
        {
            foreach (var way in (string[])["s3", "kms", "c"])
            {
                foreach (var key in (string[])[way, way + "-parts"])
                {
                    Assert.Equal(Whole, (await SendAsync("GET", $"/bucket/{key}", null, EncryptionBench.Read(way))).Body);
                    foreach (var (first, last) in ((int, int)[])[(0, 9), (65_530, 65_541), (65_536, 131_072), (Size - 3, Size - 1)])
                    {
                        var part = await SendAsync(
                            "GET", $"/bucket/{key}", null, [("Range", $"bytes={first}-{last}"), .. EncryptionBench.Read(way)]);
                        Assert.Equal(206, part.Status);
                        Assert.Equal(Whole[first..(last + 1)], part.Body);
                    }
                }
            }
        }
    }

    [Fact]
    [Trait("Rule", "W9")]
    public async Task An_object_is_an_error_without_its_key_and_with_another()
    {
        await SendAsync("PUT", "/bucket/key", Whole, CustomerKey.Headers());
        foreach (var method in (string[])["GET", "HEAD"])
        {
            var (none, wrong) = (await _http.SendAsync(method, "/bucket/key"),
                await _http.SendAsync(method, "/bucket/key", null, CustomerKey.Headers(2)));
            Assert.Equal((400, 403), (none.Status, wrong.Status));
            Assert.Equal(method == "GET" ? ("InvalidRequest", "AccessDenied") : ("", ""), (none.Code, wrong.Code));
        }

        var copied = await SendAsync("PUT", "/bucket/copy", null,
            [("x-amz-copy-source", "/bucket/key"), .. CustomerKey.SourceHeaders(), .. CustomerKey.Headers(2)]);
        Assert.Equal("AES256", copied.Headers[Method + "-customer-algorithm"]);
        Assert.Equal(Whole, (await SendAsync("GET", "/bucket/copy", null, CustomerKey.Headers(2))).Body);
        Assert.Equal(403, (await _http.SendAsync("GET", "/bucket/copy", null, CustomerKey.Headers())).Status);
        await SendAsync("DELETE", "/bucket/key");
        Assert.Equal(404, (await _http.SendAsync("GET", "/bucket/key", null, CustomerKey.Headers())).Status);
    }

    [Fact]
    public async Task A_bucket_encrypts_what_comes_without_a_word()
    {
        await SendAsync("PUT", "/bucket?encryption", Encoding.UTF8.GetBytes(
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
            + "</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"));
        Assert.Equal("AES256", (await SendAsync("PUT", "/bucket/key", Whole)).Headers[Method]);
        Assert.Equal("AES256", (await SendAsync("HEAD", "/bucket/key")).Headers[Method]);
        Assert.Equal(Whole, (await SendAsync("GET", "/bucket/key")).Body);
        Assert.Contains("AES256", (await SendAsync("GET", "/bucket?encryption")).Text, StringComparison.Ordinal);
        Assert.Equal(204, (await SendAsync("DELETE", "/bucket?encryption")).Status);
    }

    /// <summary>A key that came over a readable connection is no secret any more.</summary>
    [Fact]
    [Trait("Rule", "W9")]
    public async Task A_key_over_plain_HTTP_is_refused_unless_a_setting_allows_it()
    {
        foreach (var isAllowed in (bool[])[false, true])
        {
            await using var plain = await ProxyProcess.StartAsync(
                _folder["plain" + isAllowed], ("S3_OVERLAY_SSE_C_OVER_HTTP", isAllowed ? "true" : "false"));
            var http = new SignedHttp(plain.Endpoint);
            await http.SendAsync("PUT", "/bucket");
            var put = await http.SendAsync("PUT", "/bucket/key", Whole, CustomerKey.Headers());
            var get = await http.SendAsync("GET", "/bucket/key", null, CustomerKey.Headers());
            Assert.Equal(isAllowed ? (200, 200) : (400, 400), (put.Status, get.Status));
            Assert.Equal(isAllowed ? "" : "InvalidRequest", put.Code);
        }
    }

    /// <summary>A setting that is wrong keeps the proxy from starting, and shows no key.</summary>
    [Theory]
    [InlineData("S3_OVERLAY_ENCRYPTION_KEY", "c2hvcnQ=")]
    [InlineData("S3_OVERLAY_ENCRYPTION_FILE", "none.json")]
    public async Task A_wrong_key_is_a_start_up_error(string name, string value)
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => ProxyProcess.StartAsync(_folder["wrong"], (name, value)));
        Assert.Contains("ended with 2", failure.Message, StringComparison.Ordinal);
        Assert.Contains(name, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("c2hvcnQ=", failure.Message, StringComparison.Ordinal);
    }

    private async Task StartAsync()
    {
        File.WriteAllText(_folder["keys.json"], $$"""
            {"kms": {"first": "{{Convert.ToBase64String(EncryptionBench.Secret(2))}}"}, "oldMasters": []}
            """);
        _proxy = await ProxyProcess.StartAsync(_folder["data"],
        [
            ("S3_OVERLAY_ENCRYPTION_KEY", Convert.ToBase64String(EncryptionBench.Secret(1))),
            ("S3_OVERLAY_ENCRYPTION_FILE", _folder["keys.json"]),
            .. TestCertificate.Settings(_folder["certificate"]),
        ]);
        _http = new SignedHttp(_proxy.Endpoint);
    }

    private async Task UploadAsync(string way)
    {
        var target = $"/bucket/{way}-parts";
        var begun = await SendAsync("POST", target + "?uploads", null, EncryptionBench.Write(way));
        var id = begun.Text.Split("<UploadId>")[1].Split('<')[0];
        var part = await SendAsync("PUT", $"{target}?partNumber=1&uploadId={id}", Whole, EncryptionBench.Read(way));
        await SendAsync("POST", $"{target}?uploadId={id}", Encoding.UTF8.GetBytes(
            $"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{part.Headers["ETag"]}</ETag></Part>"
            + "</CompleteMultipartUpload>"));
    }

    private async Task<RawResponse> SendAsync(string method, string target, byte[]? body = null, params (string, string)[] headers)
    {
        var response = await _http.SendAsync(method, target, body, headers);
        Assert.True(response.Status is >= 200 and < 300, $"{method} {target}: {response.Status} {response.Text}");
        return response;
    }
}
