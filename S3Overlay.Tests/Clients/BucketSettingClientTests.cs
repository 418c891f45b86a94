using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Clients;

/// <summary>Versions, access rules, lifecycles, locks and encryption in the built-in store, as aws, s3cmd and rclone use them.</summary>
[Trait("Needs", "Clients")]
public sealed class BucketSettingClientTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _proxy = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_NEW_BUCKETS", "acl"),
            ("S3_OVERLAY_ENCRYPTION_KEY", Convert.ToBase64String(new byte[32].Select(static (_, i) => (byte)i).ToArray())));
        await File.WriteAllTextAsync(_folder["one"], "one");
        await File.WriteAllTextAsync(_folder["two"], "two");
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _folder.Dispose();
    }

    [ClientFact("aws")]
    public async Task Aws_cli()
    {
        await Aws("create-bucket", "--bucket", "plain");
        await Aws("put-bucket-versioning", "--bucket", "plain", "--versioning-configuration", "Status=Enabled");
        var first = await Aws(
            "put-object", "--bucket", "plain", "--key", "k", "--body", _folder["one"], "--query", "VersionId", "--output", "text");
        await Aws("put-object", "--bucket", "plain", "--key", "k", "--body", _folder["two"]);
        Assert.Equal("2", await Aws(
            "list-object-versions", "--bucket", "plain", "--query", "length(Versions)", "--output", "text"));
        await Aws("get-object", "--bucket", "plain", "--key", "k", "--version-id", first, _folder["old"]);
        Assert.Equal("one", await File.ReadAllTextAsync(_folder["old"]));

        await Aws("put-bucket-encryption", "--bucket", "plain", "--server-side-encryption-configuration",
            """{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}""");
        await Aws("put-object", "--bucket", "plain", "--key", "secret", "--body", _folder["one"]);
        Assert.Equal("AES256", await Aws(
            "head-object", "--bucket", "plain", "--key", "secret", "--query", "ServerSideEncryption", "--output", "text"));
        await Aws("get-object", "--bucket", "plain", "--key", "secret", _folder["secret"]);
        Assert.Equal("one", await File.ReadAllTextAsync(_folder["secret"]));

        await Aws("put-bucket-lifecycle-configuration", "--bucket", "plain", "--lifecycle-configuration",
            """{"Rules":[{"ID":"old","Status":"Enabled","Filter":{"Prefix":"logs/"},"Expiration":{"Days":7}}]}""");
        Assert.Equal("7", await Aws("get-bucket-lifecycle-configuration", "--bucket", "plain", "--query", "Rules[0].Expiration.Days"));
        await Aws("put-bucket-cors", "--bucket", "plain", "--cors-configuration",
            """{"CORSRules":[{"AllowedMethods":["GET"],"AllowedOrigins":["https://example.com"]}]}""");

        Assert.Equal(403, await UnsignedAsync("/plain/k"));
        await Aws("put-bucket-policy", "--bucket", "plain", "--policy",
            """
            {"Version":"2012-10-17","Statement":[
              {"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::plain/*"},
              {"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::plain/secret"}]}
            """);
        Assert.Equal((200, 403), (await UnsignedAsync("/plain/k"), await UnsignedAsync("/plain/secret")));
        await Aws("put-public-access-block", "--bucket", "plain", "--public-access-block-configuration", "RestrictPublicBuckets=true");
        Assert.Equal(403, await UnsignedAsync("/plain/k"));
    }

    [ClientFact("aws")]
    public async Task Aws_cli_with_locks()
    {
        await Aws("create-bucket", "--bucket", "locked", "--object-lock-enabled-for-bucket");
        await Aws("put-object-lock-configuration", "--bucket", "locked", "--object-lock-configuration",
            """{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Mode":"COMPLIANCE","Days":1}}}""");
        var version = await Aws(
            "put-object", "--bucket", "locked", "--key", "k", "--body", _folder["one"], "--query", "VersionId", "--output", "text");
        Assert.Equal("COMPLIANCE", await Aws(
            "get-object-retention", "--bucket", "locked", "--key", "k", "--query", "Retention.Mode", "--output", "text"));
        var refused = await RunAsync(
            "aws", "--endpoint-url", Endpoint, "s3api", "delete-object", "--bucket", "locked", "--key", "k", "--version-id", version);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("AccessDenied", refused.Errors, StringComparison.Ordinal);
        await Aws("delete-object", "--bucket", "locked", "--key", "k");
        await Aws("get-object", "--bucket", "locked", "--key", "k", "--version-id", version, _folder["kept"]);
        Assert.Equal("one", await File.ReadAllTextAsync(_folder["kept"]));
    }

    [ClientFact("s3cmd")]
    public async Task S3cmd()
    {
        await File.WriteAllTextAsync(_folder["s3cfg"], "[default]\n");
        await File.WriteAllTextAsync(_folder["policy"],
            """
            {"Version":"2012-10-17","Statement":[
              {"Effect":"Allow","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::own"}]}
            """);
        await File.WriteAllTextAsync(_folder["lifecycle"],
            "<LifecycleConfiguration><Rule><ID>old</ID><Status>Enabled</Status><Filter><Prefix>logs/</Prefix></Filter>"
            + "<Expiration><Days>7</Days></Expiration></Rule></LifecycleConfiguration>");
        await File.WriteAllTextAsync(_folder["cors"],
            "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>https://a.example</AllowedOrigin></CORSRule>"
            + "</CORSConfiguration>");
        async Task S3(params string[] arguments) => (await RunAsync("s3cmd",
            [
                "--no-ssl", "--access_key=minioadmin", "--secret_key=minioadmin", $"--host={_proxy.Endpoint.Authority}",
                $"--host-bucket={_proxy.Endpoint.Authority}", "--region=us-east-1", "--config=" + _folder["s3cfg"], "--no-progress",
                .. arguments,
            ])).Succeeded();

        await S3("mb", "s3://own");
        await S3("put", _folder["one"], "s3://own/k");
        Assert.Equal(403, await UnsignedAsync("/own/k"));
        await S3("setacl", "--acl-public", "s3://own/k");
        Assert.Equal(200, await UnsignedAsync("/own/k"));
        await S3("setacl", "--acl-private", "s3://own/k");
        Assert.Equal(403, await UnsignedAsync("/own/k"));
        await S3("setpolicy", _folder["policy"], "s3://own");
        Assert.Equal(200, await UnsignedAsync("/own"));
        await S3("delpolicy", "s3://own");
        Assert.Equal(403, await UnsignedAsync("/own"));
        await S3("info", "s3://own/k");

        await S3("setlifecycle", _folder["lifecycle"], "s3://own");
        await S3("getlifecycle", "s3://own");
        await S3("dellifecycle", "s3://own");
        await S3("setcors", _folder["cors"], "s3://own");
        await S3("info", "s3://own");
        await S3("delcors", "s3://own");
        await S3("put", "--server-side-encryption", _folder["one"], "s3://own/sealed");
        Assert.Equal("AES256", (await _proxy.SendAsync("HEAD", "/own/sealed")).Headers["x-amz-server-side-encryption"]);
        await S3("get", "s3://own/sealed", _folder["back"]);
        Assert.Equal("one", await File.ReadAllTextAsync(_folder["back"]));
        await S3("del", "--recursive", "--force", "s3://own");
        await S3("rb", "s3://own");
    }

    [ClientFact("rclone")]
    public async Task Rclone()
    {
        var remote = $":s3,provider=Other,endpoint='{Endpoint}',access_key_id=minioadmin,secret_access_key=minioadmin,"
            + "force_path_style=true:versions";
        async Task<string> Rclone(params string[] arguments) =>
            (await RunAsync("rclone", ["--config", "/dev/null", .. arguments])).Succeeded();

        await Rclone("mkdir", remote);
        Assert.Contains("Unversioned", await Rclone("backend", "versioning", remote), StringComparison.Ordinal);
        Assert.Contains("Enabled", await Rclone("backend", "versioning", remote, "Enabled"), StringComparison.Ordinal);

        // Versions of one key and second have the same name in rclone.
        foreach (var name in (string[])["one", "two"])
        {
            await Rclone("copyto", _folder[name], $"{remote}/{name}.txt");
            await Rclone("deletefile", $"{remote}/{name}.txt");
        }

        Assert.Equal("", (await Rclone("lsf", remote)).Trim());
        var old = (await Rclone("lsf", "--s3-versions", remote)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, old.Length);
        var texts = new List<string>();
        foreach (var name in old)
        {
            texts.Add(await Rclone("cat", "--s3-versions", $"{remote}/{name}"));
        }

        Assert.Equal(["one", "two"], texts.Order());

        await Rclone("copyto", _folder["one"], $"{remote}/kept.txt");
        await Rclone("backend", "cleanup-hidden", remote);
        Assert.Equal("kept.txt", (await Rclone("lsf", "--s3-versions", remote)).Trim());
        Assert.Contains("Suspended", await Rclone("backend", "versioning", remote, "Suspended"), StringComparison.Ordinal);
        await Rclone("purge", remote);
    }

    private string Endpoint => _proxy.Endpoint.ToString().TrimEnd('/');

    private async Task<string> Aws(params string[] arguments) =>
        (await RunAsync("aws", ["--endpoint-url", Endpoint, "s3api", .. arguments])).Succeeded().Trim();

    private Task<ToolResult> RunAsync(string program, params string[] arguments) => S3Tool.RunAsync(program, arguments,
        new Dictionary<string, string>
        {
            ["HOME"] = _folder.Path,
            ["AWS_ACCESS_KEY_ID"] = "minioadmin",
            ["AWS_SECRET_ACCESS_KEY"] = "minioadmin",
            ["AWS_DEFAULT_REGION"] = "us-east-1",
            ["AWS_EC2_METADATA_DISABLED"] = "true",
            ["AWS_PAGER"] = "",
        });

    private async Task<int> UnsignedAsync(string target) => (await _proxy.Http.SendUnsignedAsync("GET", target)).Status;
}
