using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Clients;

/// <summary>
/// boto3 uses everything that a store can do, once directly and once through a proxy without a remote, and sees the same (rule T3):
/// versions, tags, access control lists, policies, lifecycle, CORS, notifications, locks, customer keys, multipart uploads, presigned URLs.
/// </summary>
[Trait("Needs", "Clients")]
[Trait("Rule", "T3")]
public abstract class StoreClientTests<TFixture>(TFixture fixture) : IClassFixture<TFixture>
    where TFixture : class, ITwoWays
{
    [ClientFact("python3")]
    public async Task Boto3()
    {
        var direct = await RunAsync(fixture.Direct, "direct");
        var through = await RunAsync(fixture.Through, "through");
        Assert.Equal("boto3 done", direct[^1]);
        Assert.Equal(direct, through);
    }

    private static async Task<string[]> RunAsync(StoreAccess way, string name)
    {
        using var home = new TemporaryFolder();
        var python = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
        var result = await S3Tool.RunAsync(
            python,
            [Path.Combine(AppContext.BaseDirectory, "Clients", "boto3_store.py"), way.Endpoint.ToString().TrimEnd('/'), way.AccessKey,
                way.SecretKey, "store-" + name],
            new Dictionary<string, string> { ["HOME"] = home.Path, ["AWS_EC2_METADATA_DISABLED"] = "true" });
        return result.Succeeded().Trim().Split('\n');
    }
}
