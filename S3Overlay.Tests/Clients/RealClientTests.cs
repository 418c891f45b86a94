using System.Security.Cryptography;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Clients;

/// <summary>Typical commands of aws, s3cmd, rclone and boto3 against an overlay with a remote.</summary>
[Trait("Needs", "Clients")]
public abstract class RealClientTests<TFixture>(TFixture fixture) : IClassFixture<TFixture>
    where TFixture : OverlayFixture
{
    private string Endpoint => fixture.Proxy.Endpoint.ToString().TrimEnd('/');

    private Dictionary<string, string> AwsEnvironment(string home) => new()
    {
        ["HOME"] = home,
        ["AWS_ACCESS_KEY_ID"] = "minioadmin",
        ["AWS_SECRET_ACCESS_KEY"] = "minioadmin",
        ["AWS_DEFAULT_REGION"] = "us-east-1",
        ["AWS_EC2_METADATA_DISABLED"] = "true",
        ["AWS_PAGER"] = "",
    };

    [ClientFact("aws")]
    public async Task Aws_cli()
    {
        using var folder = new TemporaryFolder();
        var bucket = await RemoteBucketAsync();
        var big = RandomFile(folder["big.bin"], 40_000_000);

        // Version 1 of this client presigns with SigV2 unless told.
        Directory.CreateDirectory(folder[".aws"]);
        await File.WriteAllTextAsync(folder[".aws/config"], "[default]\ns3 =\n  signature_version = s3v4\n");
        Task<ToolResult> Aws(params string[] arguments) =>
            S3Tool.RunAsync("aws", ["--endpoint-url", Endpoint, .. arguments], AwsEnvironment(folder.Path), folder.Path);

        Assert.Contains("from-remote.txt", (await Aws("s3", "ls", $"s3://{bucket}/folder/")).Succeeded(), StringComparison.Ordinal);
        (await Aws("s3", "cp", big, $"s3://{bucket}/big.bin")).Succeeded();
        (await Aws("s3", "cp", $"s3://{bucket}/big.bin", folder["back.bin"])).Succeeded();
        Assert.Equal(Hash(big), Hash(folder["back.bin"]));
        (await Aws("s3", "sync", $"s3://{bucket}/folder", folder["synced"])).Succeeded();
        Assert.Equal("from the remote", await File.ReadAllTextAsync(Path.Combine(folder["synced"], "from-remote.txt")));
        (await Aws("s3", "cp", $"s3://{bucket}/folder/from-remote.txt", $"s3://{bucket}/copied.txt")).Succeeded();
        (await Aws("s3", "rm", $"s3://{bucket}/folder/from-remote.txt")).Succeeded();
        var left = (await Aws("s3", "ls", "--recursive", $"s3://{bucket}/")).Succeeded();
        Assert.DoesNotContain("from-remote.txt", left, StringComparison.Ordinal);
        Assert.Contains("copied.txt", left, StringComparison.Ordinal);
        Assert.Contains("\"ETag\"", (await Aws("s3api", "head-object", "--bucket", bucket, "--key", "big.bin")).Succeeded(),
            StringComparison.Ordinal);
        var link = (await Aws("s3", "presign", $"s3://{bucket}/copied.txt")).Succeeded().Trim();
        using var plain = new HttpClient();
        Assert.Equal("from the remote", await plain.GetStringAsync(new Uri(link)));
        (await Aws("s3", "rm", "--recursive", $"s3://{bucket}/")).Succeeded();
        Assert.Equal("", (await Aws("s3", "ls", $"s3://{bucket}/")).Output.Trim());
    }

    [ClientFact("s3cmd")]
    public async Task S3cmd()
    {
        using var folder = new TemporaryFolder();
        var bucket = await RemoteBucketAsync();
        var big = RandomFile(folder["big.bin"], 40_000_000);
        string[] common =
        [
            "--no-ssl", "--access_key=minioadmin", "--secret_key=minioadmin", $"--host=127.0.0.1:{fixture.Proxy.Port}",
            $"--host-bucket=127.0.0.1:{fixture.Proxy.Port}",
            "--region=us-east-1", "--config=" + folder["s3cfg"], "--no-progress",
        ];
        await File.WriteAllTextAsync(folder["s3cfg"], "[default]\n");
        Task<ToolResult> S3(params string[] arguments) =>
            S3Tool.RunAsync("s3cmd", [.. common, .. arguments], new Dictionary<string, string> { ["HOME"] = folder.Path }, folder.Path);

        Assert.Contains("from-remote.txt", (await S3("ls", "--recursive", $"s3://{bucket}")).Succeeded(), StringComparison.Ordinal);
        (await S3("mb", "s3://s3cmd-own")).Succeeded();
        (await S3("put", big, $"s3://{bucket}/big.bin")).Succeeded();
        (await S3("get", $"s3://{bucket}/big.bin", folder["back.bin"])).Succeeded();
        Assert.Equal(Hash(big), Hash(folder["back.bin"]));
        (await S3("get", $"s3://{bucket}/folder/from-remote.txt", folder["small"])).Succeeded();
        Assert.Equal("from the remote", await File.ReadAllTextAsync(folder["small"]));
        (await S3("info", $"s3://{bucket}/big.bin")).Succeeded();
        (await S3("cp", $"s3://{bucket}/big.bin", $"s3://{bucket}/copy.bin")).Succeeded();
        (await S3("del", "--recursive", "--force", $"s3://{bucket}")).Succeeded();
        Assert.Equal("", (await S3("ls", "--recursive", $"s3://{bucket}")).Succeeded().Trim());
    }

    [ClientFact("rclone")]
    public async Task Rclone()
    {
        using var folder = new TemporaryFolder();
        var bucket = await RemoteBucketAsync();
        Directory.CreateDirectory(folder["tree/sub"]);
        RandomFile(folder["tree/big.bin"], 40_000_000);
        RandomFile(folder["tree/sub/empty"], 0);
        RandomFile(folder["tree/sub/odd name \u00fc%20#?.txt"], 1234);
        var remote =
            $":s3,provider=Other,endpoint='{Endpoint}',access_key_id=minioadmin,secret_access_key=minioadmin,force_path_style=true:";
        Task<ToolResult> Rclone(params string[] arguments) =>
            S3Tool.RunAsync("rclone", ["--config", "/dev/null", "--s3-upload-cutoff=10M", "--s3-chunk-size=8M", .. arguments],
                new Dictionary<string, string> { ["HOME"] = folder.Path });

        Assert.Contains("folder/from-remote.txt", (await Rclone("lsf", "-R", remote + bucket)).Succeeded(), StringComparison.Ordinal);
        (await Rclone("sync", folder["tree"], remote + bucket + "/tree")).Succeeded();
        (await Rclone("check", "--download", folder["tree"], remote + bucket + "/tree")).Succeeded();
        (await Rclone("copy", remote + bucket + "/tree", folder["back"])).Succeeded();
        Assert.Equal(Hash(folder["tree/big.bin"]), Hash(folder["back/big.bin"]));
        (await Rclone("deletefile", remote + bucket + "/folder/from-remote.txt")).Succeeded();
        Assert.DoesNotContain("from-remote", (await Rclone("lsf", "-R", remote + bucket)).Succeeded(), StringComparison.Ordinal);
        (await Rclone("purge", remote + bucket + "/tree")).Succeeded();
        Assert.Equal("", (await Rclone("lsf", "-R", "--files-only", remote + bucket)).Succeeded().Trim());
    }

    [ClientFact("python3")]
    public async Task Boto3()
    {
        using var folder = new TemporaryFolder();
        var bucket = await RemoteBucketAsync();
        var python = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
        var script = Path.Combine(AppContext.BaseDirectory, "Clients", "boto3_round.py");
        Assert.Contains("boto3 done", (await S3Tool.RunAsync(python, [script, Endpoint, bucket], AwsEnvironment(folder.Path))).Succeeded(),
            StringComparison.Ordinal);
    }

    [ClientFact("curl")]
    public async Task Forms_of_boto3()
    {
        using var folder = new TemporaryFolder();
        var bucket = await RemoteBucketAsync();
        var python = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
        var script = Path.Combine(AppContext.BaseDirectory, "Clients", "boto3_post.py");
        Assert.Contains("boto3 done", (await S3Tool.RunAsync(python, [script, Endpoint, bucket], AwsEnvironment(folder.Path))).Succeeded(),
            StringComparison.Ordinal);
    }

    private async Task<string> RemoteBucketAsync()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        await fixture.RemoteS3
            .PutObjectAsync(new() { BucketName = bucket, Key = "folder/from-remote.txt", ContentBody = "from the remote" });
        return bucket;
    }

    private static string RandomFile(string path, int size)
    {
        var bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static string Hash(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexString(SHA256.HashData(file));
    }
}
