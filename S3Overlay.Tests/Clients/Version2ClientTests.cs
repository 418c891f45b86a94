using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Clients;

/// <summary>Clients that sign with version 2, either by default or because they are configured to.</summary>
[Trait("Needs", "Clients")]
[Trait("Rule", "A1")]
public sealed class Version2ClientTests(LocalOnlyFixture fixture) : IClassFixture<LocalOnlyFixture>
{
    private string Endpoint => fixture.Proxy.Endpoint.ToString().TrimEnd('/');

    /// <summary>Version 1 of this client signs links with version 2 by default. Its version 2 no longer can.</summary>
    [ClientFact("aws")]
    public async Task Links_of_aws_cli_with_its_defaults()
    {
        using var folder = new TemporaryFolder();
        var bucket = await fixture.NewBucketAsync();
        await fixture.S3.PutObjectAsync(new() { BucketName = bucket, Key = "a b/ü+(1).txt", ContentBody = "v" });
        var link = (await S3Tool.RunAsync(
            "aws", ["--endpoint-url", Endpoint, "s3", "presign", $"s3://{bucket}/a b/ü+(1).txt"], Environment(folder), folder.Path))
                .Succeeded().Trim();
        using var plain = new HttpClient();
        Assert.Equal("v", await plain.GetStringAsync(new Uri(link)));
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, (await plain.GetAsync(new Uri(link + "&versionId=null"))).StatusCode);
    }

    [ClientFact("curl")]
    public async Task Boto3()
    {
        using var folder = new TemporaryFolder();
        var python = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
        var script = Path.Combine(AppContext.BaseDirectory, "Clients", "boto3_version2.py");
        var result = await S3Tool.RunAsync(python, [script, Endpoint, await fixture.NewBucketAsync()], Environment(folder));
        Assert.Contains("boto3 done", result.Succeeded(), StringComparison.Ordinal);
    }

    [ClientFact("s3cmd")]
    public async Task S3cmd()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["s3cfg"], "[default]\n");
        await File.WriteAllBytesAsync(folder["big.bin"], new byte[20_000_000]);
        await File.WriteAllTextAsync(folder["small file ü.txt"], "small");
        string[] common =
        [
            "--signature-v2", "--no-ssl", "--access_key=minioadmin", "--secret_key=minioadmin", $"--host=127.0.0.1:{fixture.Proxy.Port}",
            $"--host-bucket=127.0.0.1:{fixture.Proxy.Port}",
            "--config=" + folder["s3cfg"], "--no-progress",
        ];
        Task<ToolResult> S3(params string[] arguments) => S3Tool.RunAsync("s3cmd", [.. common, .. arguments], new Dictionary<string,
            string> { ["HOME"] = folder.Path, ["LC_ALL"] = "C.UTF-8" }, folder.Path);

        (await S3("mb", "s3://version2")).Succeeded();
        (await S3("put", "--multipart-chunk-size-mb=5", folder["big.bin"], "s3://version2/big.bin")).Succeeded();
        (await S3("put", "--add-header=x-amz-meta-who: me", folder["small file ü.txt"], "s3://version2/small file ü.txt")).Succeeded();
        (await S3("get", "s3://version2/small file ü.txt", folder["back"])).Succeeded();
        Assert.Equal("small", await File.ReadAllTextAsync(folder["back"]));
        Assert.Contains("big.bin", (await S3("ls", "--recursive", "s3://version2")).Succeeded(), StringComparison.Ordinal);
        (await S3("cp", "s3://version2/small file ü.txt", "s3://version2/copy")).Succeeded();
        Assert.Contains("20000000", (await S3("info", "s3://version2/big.bin")).Succeeded(), StringComparison.Ordinal);
        var link = (await S3("signurl", "s3://version2/copy", "+60")).Succeeded().Trim();
        using var plain = new HttpClient();
        Assert.Equal("small", await plain.GetStringAsync(new Uri(link)));
        (await S3("del", "--recursive", "--force", "s3://version2")).Succeeded();
        (await S3("rb", "s3://version2")).Succeeded();
    }

    private static Dictionary<string, string> Environment(TemporaryFolder home) => new()
    {
        ["HOME"] = home.Path,
        ["LC_ALL"] = "C.UTF-8",
        ["AWS_ACCESS_KEY_ID"] = "minioadmin",
        ["AWS_SECRET_ACCESS_KEY"] = "minioadmin",
        ["AWS_DEFAULT_REGION"] = "us-east-1",
        ["AWS_EC2_METADATA_DISABLED"] = "true",
    };
}
