using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Promote;

/// <summary>A proxy cannot write to a remote: it never loads the code that does (rule P4).</summary>
[Trait("Rule", "P4")]
public sealed class PromoteAssemblyTests(OverlayFixture fixture) : IClassFixture<OverlayFixture>
{
    private const string Assembly = "S3Overlay.Promote.dll";

    [Fact]
    public async Task A_proxy_that_serves_never_loads_the_code_that_writes_to_a_remote()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var bucket = await fixture.NewRemoteBucketAsync();
        var http = new SignedHttp(fixture.Proxy.Endpoint);
        foreach (var (method, target) in ((string, string)[])[
            ("PUT", $"/{bucket}/k"), ("GET", $"/{bucket}/k"), ("GET", $"/{bucket}?list-type=2"), ("DELETE", $"/{bucket}/k"),
            ("GET", $"/-/v1/explain?bucket={bucket}&key=k"), ("GET", $"/-/v1/changes?bucket={bucket}"), ("GET", "/-/v1/openapi.json"),
            ("POST", $"/-/v1/revert?bucket={bucket}&added=true")])
        {
            Assert.InRange((await http.SendAsync(method, target, method == "PUT" ? "mine"u8.ToArray() : null)).Status, 200, 204);
        }

        var program = typeof(Proxy.Protocol.S3Request).Assembly.Location;
        Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(program)!, Assembly)));
        var loaded = await File.ReadAllTextAsync($"/proc/{fixture.Proxy.Id}/maps");
        Assert.Contains(Path.GetFileName(program), loaded, StringComparison.Ordinal);
        Assert.DoesNotContain(Assembly, loaded, StringComparison.Ordinal);
    }
}
