using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Protocol.Authentication;

/// <summary>See <see cref="SigningTests"/>: over HTTP/2 and TLS, as far as the client has it.</summary>
public sealed class SigningTestsOverTls : SigningTests
{
    protected override bool IsSecure => true;
}

/// <summary>See <see cref="SigningTests"/>: over HTTP/1.1, and with programs that sign.</summary>
public sealed class RealClientTests : SigningTests, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [ClientFact("curl")]
    public async Task CurlSigns()
    {
        await using var server = await SigningServer.StartAsync();
        var file = await FileAsync();
        foreach (var path in new[] { "/bucket/plain", "/bucket/a%20b", "/bucket/a(b)", "/bucket/%C3%BC", "/bucket/k?acl",
            "/bucket/k?a=1&b=%2F" })
        {
            var result = await S3Tool.RunAsync(
                "curl",
                [
                    "-sS", "--fail-with-body", "--aws-sigv4", "aws:amz:us-east-1:s3", "--user",
                    SigningServer.AccessKey + ":" + SigningServer.SecretKey,
                    "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD", "-H", "x-amz-meta-a: b", "-T", file,
                    server.Endpoint.ToString().TrimEnd('/') + path,
                ],
                Environment(server));
            Assert.True(result.ExitCode == 0, path + ": " + result.Output + result.Errors + string.Join('\n', server.Refusals));
        }
    }

    [ClientFact("aws")]
    public async Task TheAwsCommandLineSigns()
    {
        await using var server = await SigningServer.StartAsync();
        var file = await FileAsync();
        var endpoint = server.Endpoint.ToString();
        await RunAsync(server, "aws", "--endpoint-url", endpoint, "s3", "cp", file, "s3://bucket/a b+ü");
        await RunAsync(server, "aws", "--endpoint-url", endpoint, "s3", "cp", "s3://bucket/a b+ü", file + ".back");
        await RunAsync(server, "aws", "--endpoint-url", endpoint, "s3", "ls", "s3://bucket/");
        await RunAsync(
            server, "aws", "--endpoint-url", endpoint, "s3api", "put-object", "--bucket", "bucket", "--key", "k", "--body", file,
            "--checksum-algorithm", "SHA256", "--metadata", "a=b", "--content-encoding", "gzip");

        Assert.All(server.Objects, stored => Assert.Equal(Bytes, stored.Value.Bytes));
        Assert.Equal(Bytes, await File.ReadAllBytesAsync(file + ".back"));
    }

    [ClientFact("s3cmd")]
    public async Task S3CmdSigns()
    {
        await using var server = await SigningServer.StartAsync();
        var file = await FileAsync();
        await RunAsync(
            server, "s3cmd", "--no-ssl", $"--host={server.Endpoint.Authority}", $"--host-bucket={server.Endpoint.Authority}",
            $"--access_key={SigningServer.AccessKey}", $"--secret_key={SigningServer.SecretKey}", "put", file, "s3://bucket/a b(c)+ü");

        Assert.Equal(Bytes, Assert.Single(server.Objects).Value.Bytes);
    }

    [ClientFact("rclone")]
    public async Task RcloneSigns()
    {
        await using var server = await SigningServer.StartAsync();
        var file = await FileAsync();
        await RunAsync(
            server, "rclone", "--s3-provider=Other", "--s3-env-auth", $"--s3-endpoint={server.Endpoint}", "--s3-force-path-style",
            "--s3-no-check-bucket", "--retries=1", "copyto", file, ":s3:bucket/a b(c)+ü");

        Assert.Equal(Bytes, Assert.Single(server.Objects).Value.Bytes);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<string> FileAsync()
    {
        var file = _folder["file"];
        await File.WriteAllBytesAsync(file, Bytes);
        return file;
    }

    private static async Task RunAsync(SigningServer server, string command, params string[] arguments)
    {
        var result = await S3Tool.RunAsync(command, arguments, Environment(server));
        Assert.True(result.ExitCode == 0 && server.Refusals.IsEmpty, result.Output + result.Errors + string.Join('\n', server.Refusals));
    }

    private static Dictionary<string, string> Environment(SigningServer server) => new()
    {
        ["AWS_ACCESS_KEY_ID"] = SigningServer.AccessKey,
        ["AWS_SECRET_ACCESS_KEY"] = SigningServer.SecretKey,
        ["AWS_REGION"] = "us-east-1",
        ["AWS_DEFAULT_REGION"] = "us-east-1",
        ["AWS_CONFIG_FILE"] = "/dev/null",
        ["AWS_EC2_METADATA_DISABLED"] = "true",
        ["AWS_CA_BUNDLE"] = "",
        ["NO_PROXY"] = server.Endpoint.Host,
    };
}
