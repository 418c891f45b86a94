using S3Overlay.Tests.Administration;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Promote;

/// <summary>A proxy cannot write to a remote: it never loads the code that does (rule P4).</summary>
[Trait("Rule", "P4")]
public sealed class PromoteAssemblyTests(PromoteAssemblyTests.InFiles fixture) : IClassFixture<PromoteAssemblyTests.InFiles>
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
        await fixture.RemoteS3.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "remote" });
        var http = new SignedHttp(fixture.Proxy.Endpoint);
        foreach (var (method, target) in ((string, string)[])[
            ("GET", $"/{bucket}/k"), ("PUT", $"/{bucket}/k"), ("GET", $"/{bucket}?list-type=2"), ("PUT", $"/{bucket}/gone"),
            ("DELETE", $"/{bucket}/gone")])
        {
            Assert.InRange((await http.SendAsync(method, target, method == "PUT" ? "mine"u8.ToArray() : null)).Status, 200, 204);
        }

        // A client that has stopped sending ends what would go on for ever.
        var leaving = new SignedHttp(fixture.Proxy.Endpoint) { ClosesSending = true };
        foreach (var (verb, path, parameters, hasBody) in (await AllMethods.ListAsync(http))
            .OrderBy(static method => method.Path is "/-/v1/revert" or "/-/v1/undelete" or "/-/v1/discard"))
        {
            var query = (parameters.Contains("bucket") ? $"?bucket={bucket}" : "") + (path switch
            {
                "/-/v1/diff" or "/-/v1/original" or "/-/v1/explain" => "&key=k",
                "/-/v1/revert" => "&added=true&deleted-buckets=true",
                _ => "",
            });
            var isEndless = path is "/-/v1/tail" or "/-/v1/record";
            var response = await (isEndless ? leaving : http).SendAsync(verb, path + query, hasBody ? [] : null);
            var expected = path switch { "/-/v1/import" => 400, "/-/v1/console" => 409, _ => 200 };
            Assert.True(response.Status == expected || (isEndless && response.Status == 0),
                $"{verb} {path}{query}: {response.Text}");
        }

        var program = typeof(Proxy.Protocol.S3Request).Assembly.Location;
        Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(program)!, Assembly)));
        var loaded = await File.ReadAllTextAsync($"/proc/{fixture.Proxy.Id}/maps");
        Assert.Contains(Path.GetFileName(program), loaded, StringComparison.Ordinal);
        Assert.DoesNotContain(Assembly, loaded, StringComparison.Ordinal);
    }

    /// <summary>An overlay whose assemblies are files: of one that is a single executable, nothing shows which it has loaded.</summary>
    public sealed class InFiles : OverlayFixture
    {
        /// <inheritdoc/>
        protected override IReadOnlyList<string> Program => ProxyProgram.Built;
    }
}
