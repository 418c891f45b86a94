using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>
/// Encrypted objects in the built-in store over a remote. The remote's object never shows in place of one that its key is missing for.
/// </summary>
public sealed class EncryptedWriteTests : IAsyncLifetime
{
    private const string Method = "x-amz-server-side-encryption";
    private static readonly (string, string)[] Server = [(Method, "AES256")];

    private readonly TemporaryFolder _folder = new();
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        var secret = Convert.ToBase64String(new byte[32]);
        File.WriteAllText(_folder["keys.json"], $$"""{"master": "{{secret}}", "kms": {"named": "{{secret}}"} }""");
        _remote = await ScriptedRemote.StartAsync();
        foreach (var key in (string[])["k", "s", "m"])
        {
            _remote.Put("bucket", key, "remote"u8.ToArray());
        }

        _proxy = await OverlayHost.StartEmbeddedAsync(
            _remote.Endpoint, ("S3_OVERLAY_SSE_C_OVER_HTTP", "true"), ("S3_OVERLAY_ENCRYPTION_FILE", _folder["keys.json"]));
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
        _folder.Dispose();
    }

    [Fact, Trait("Rule", "W9"), Trait("Rule", "V2")]
    public async Task A_version_that_its_client_encrypted_is_read_by_its_id()
    {
        await SendAsync(200, "PUT", "/bucket?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
        var version = (await SendAsync(200, "PUT", "/bucket/k", "mine", CustomerKey.Headers())).Headers["x-amz-version-id"];
        await SendAsync(200, "PUT", "/bucket/k", "later");
        foreach (var method in (string[])["GET", "HEAD"])
        {
            await SendAsync(400, method, $"/bucket/k?versionId={version}");
            await SendAsync(200, method, $"/bucket/k?versionId={version}", null, CustomerKey.Headers());
        }

        Assert.All(_remote.Requests, static request => Assert.DoesNotContain("customer", string.Join(' ', request.Headers.Keys)));
    }

    [Fact, Trait("Rule", "W9"), Trait("Rule", "R1")]
    public async Task The_remote_never_shows_in_place_of_an_encrypted_object()
    {
        var put = await SendAsync(200, "PUT", "/bucket/k", "mine", CustomerKey.Headers());
        foreach (var method in (string[])["GET", "HEAD"])
        {
            foreach (var target in (string[])["/bucket/k", "/bucket/k?versionId=null"])
            {
                await SendAsync(400, method, target);
                await SendAsync(403, method, target, null, CustomerKey.Headers(2));
                await SendAsync(200, method, target, null, CustomerKey.Headers());
            }
        }

        Assert.Equal("mine", (await SendAsync(200, "GET", "/bucket/k", null, CustomerKey.Headers())).Text);
        await SendAsync(400, "PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/k"));
        await SendAsync(400, "PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/k?versionId=null"));
        await SendAsync(404, "GET", "/bucket/copy");
        await SendAsync(200, "PUT", "/bucket/copy", null, [("x-amz-copy-source", "/bucket/k"), .. CustomerKey.SourceHeaders()]);
        Assert.Equal("mine", (await SendAsync(200, "GET", "/bucket/copy")).Text);

        // Conditions are judged without the key.
        await SendAsync(412, "PUT", "/bucket/k", "no", ("If-None-Match", "*"));
        await SendAsync(412, "DELETE", "/bucket/k?versionId=null", null, ("If-Match", "\"00000000000000000000000000000000\""));
        await SendAsync(200, "PUT", "/bucket/k?tagging", "<Tagging><TagSet/></Tagging>");
        await SendAsync(204, "DELETE", "/bucket/k", null, ("If-Match", put.Headers["ETag"]));
        await SendAsync(404, "GET", "/bucket/k", null, CustomerKey.Headers());
    }

    [Fact, Trait("Rule", "W4"), Trait("Rule", "W9")]
    public async Task A_copy_of_the_remotes_object_is_encrypted_as_asked()
    {
        await SendAsync(200, "PUT", "/bucket/c", null, [("x-amz-copy-source", "/bucket/k"), .. CustomerKey.Headers()]);
        await SendAsync(200, "PUT", "/bucket/s3", null, [("x-amz-copy-source", "/bucket/k"), .. Server]);
        await SendAsync(400, "GET", "/bucket/c");
        Assert.Equal("remote", (await SendAsync(200, "GET", "/bucket/c", null, CustomerKey.Headers())).Text);
        var copy = await SendAsync(200, "GET", "/bucket/s3");
        Assert.Equal(("remote", "AES256"), (copy.Text, copy.Headers[Method]));
    }

    /// <summary>The overlay's own copies count too: a bucket that encrypts has no plain object.</summary>
    [Fact, Trait("Rule", "W5"), Trait("Rule", "W9")]
    public async Task A_copied_up_object_is_encrypted_as_its_bucket_says()
    {
        await SendAsync(200, "PUT", "/bucket?encryption",
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>"
            + "<KMSMasterKeyID>named</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>");
        var before = await SendAsync(200, "HEAD", "/bucket/k");
        await SendAsync(200, "PUT", "/bucket/k?tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>");
        var after = await SendAsync(200, "GET", "/bucket/k");
        Assert.Equal(("remote", "aws:kms", before.Headers["ETag"]), (after.Text, after.Headers[Method], after.Headers["ETag"]));
    }

    [Fact, Trait("Rule", "P3"), Trait("Rule", "W9")]
    public async Task Changes_are_saved_decrypted_and_a_customers_object_stays()
    {
        await SendAsync(200, "PUT", "/bucket/k", "mine", CustomerKey.Headers());
        await SendAsync(200, "PUT", "/bucket/s", "server", Server);
        await SendAsync(200, "PUT", "/bucket/m", "named", [(Method, "aws:kms"), (Method + "-aws-kms-key-id", "named")]);
        var changes = (await RunAsync("changes", "bucket")).Output;
        Assert.Equal(3, changes.Split('\n').Count(static line => line.StartsWith('M')));

        var (code, output, errors) = await RunAsync("revert", "bucket", "--yes", "--save", _folder["saved.tar"]);
        Assert.True(code == 0, errors);
        Assert.Contains("Saved 2 keys", errors, StringComparison.Ordinal);
        Assert.Contains("Left 1 key: encrypted with a key that only its client has (SSE-C)", errors, StringComparison.Ordinal);
        Assert.Contains("Reverted 2 keys.", output, StringComparison.Ordinal);
        Assert.Equal("mine", (await SendAsync(200, "GET", "/bucket/k", null, CustomerKey.Headers())).Text);
        Assert.Equal(["remote", "remote"], [await ReadAsync("s"), await ReadAsync("m")]);

        Assert.Equal("Imported 2 keys.\n", (await RunAsync("import", _folder["saved.tar"], "--yes")).Output);
        Assert.Equal(["server", "named"], [await ReadAsync("s"), await ReadAsync("m")]);

        Assert.Contains("Reverted 1 key.", (await RunAsync("revert", "bucket/k", "--yes")).Output, StringComparison.Ordinal);
        Assert.Equal("remote", await ReadAsync("k"));
    }

    private async Task<string> ReadAsync(string key) => (await SendAsync(200, "GET", "/bucket/" + key)).Text;

    private async Task<RawResponse> SendAsync(int status, string method, string target, string? body = null,
        params (string Name, string Value)[] headers)
    {
        var response = await _proxy.SendAsync(method, target, body, headers);
        Assert.True(response.Status == status, $"{method} {target}: {response.Status} {response.Text}");
        return response;
    }

    private async Task<(int Code, string Output, string Errors)> RunAsync(params string[] line)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = await CommandLine.RunAsync([.. line, "--endpoint", _proxy.Endpoint.ToString()], output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
