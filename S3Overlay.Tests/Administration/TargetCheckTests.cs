using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>
/// A bucket or key that no layer has is one line that names it, and exit code 1. What is there and has nothing to show is no error.
/// </summary>
[Trait("Rule", "A5")]
public sealed class TargetCheckTests : IAsyncLifetime
{
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("photos", "2024/a.jpg", new byte[2000]);
        _proxy = await OverlayHost.StartEmbeddedAsync(_remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"));
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Theory]
    [InlineData("changes", "nosuch")]
    [InlineData("changes", "nosuch/2024/")]
    [InlineData("changes", "nosuch/key")]
    [InlineData("revert", "nosuch", "--yes")]
    [InlineData("revert", "nosuch/key")]
    [InlineData("promote", "nosuch", "--dry-run")]
    [InlineData("cached", "nosuch")]
    [InlineData("cached", "nosuch/key")]
    [InlineData("evict", "nosuch")]
    [InlineData("undelete", "nosuch")]
    [InlineData("undelete", "nosuch/key")]
    [InlineData("compact", "nosuch")]
    [InlineData("tombstones", "nosuch")]
    [InlineData("warm", "nosuch")]
    [InlineData("warm", "nosuch/key")]
    [InlineData("pin", "nosuch")]
    [InlineData("pin", "nosuch/key")]
    [InlineData("diff", "nosuch/key")]
    [InlineData("ls", "nosuch")]
    public async Task A_bucket_that_no_layer_has_is_an_error(params string[] line)
    {
        var (code, output, errors) = await RunAsync(line);
        Assert.Equal((1, ""), (code, output));
        Assert.Matches(@"^127\.0\.0\.1:\d+ responded: NoSuchBucket: No layer has a bucket nosuch\. \(request [0-9A-Z]+\)\n$", errors);
    }

    [Theory]
    [InlineData("changes")]
    [InlineData("revert")]
    [InlineData("promote")]
    [InlineData("cached")]
    [InlineData("evict")]
    [InlineData("undelete")]
    [InlineData("warm")]
    [InlineData("pin")]
    [InlineData("diff")]
    public async Task A_key_that_no_layer_has_is_an_error(string command)
    {
        var (code, output, errors) = await RunAsync(command, "photos/2024/nosuch.jpg");
        Assert.Equal((1, ""), (code, output));
        Assert.Matches(@"^127\.0\.0\.1:\d+ responded: NoSuchKey: No layer has a key photos/2024/nosuch\.jpg\. \(request \w+\)\n$", errors);
    }

    [Fact]
    public async Task An_explanation_of_what_no_layer_has_says_so()
    {
        foreach (var target in (string[])["nosuch", "photos/nosuch"])
        {
            var (code, output, _) = await RunAsync("explain", target);
            Assert.Equal(1, code);
            Assert.StartsWith($"{target}: clients do not see it\n", output, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await RunAsync("explain", "photos")).Code);
    }

    [Theory]
    [InlineData("photos/2024/a.jpg")]
    [InlineData("photos/2023/")]
    [InlineData("photos")]
    public async Task What_is_there_may_have_nothing_to_show(string target)
    {
        foreach (var command in (string[])["changes", "revert", "promote", "cached", "evict"])
        {
            var (code, _, errors) = await RunAsync(command, target);
            Assert.True(code == 0, $"{command} {target}: {errors}");
        }

        Assert.Equal(target == "photos/2024/a.jpg" ? 1 : 0, (await RunAsync("undelete", target)).Code);
    }

    [Fact]
    public async Task A_remote_that_cannot_be_asked_is_no_proof()
    {
        _remote.Script = async (_, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, 403, "AccessDenied");
            return ScriptedOutcome.Answered;
        };
        Assert.Equal(0, (await RunAsync("cached", "secret")).Code);
        Assert.Equal(0, (await RunAsync("evict", "secret/key")).Code);
        _remote.Script = static (_, context) =>
        {
            context.Abort();
            return Task.FromResult(ScriptedOutcome.Answered);
        };
        Assert.Equal(0, (await RunAsync("evict", "away/key")).Code);
        _remote.Script = null;
    }

    [Fact]
    public async Task What_only_this_proxy_has_is_known()
    {
        await _proxy.SendAsync("PUT", "/photos/mine", "mine");
        await _proxy.SendAsync("DELETE", "/photos/2024/a.jpg");
        Assert.Equal(0, (await RunAsync("evict", "photos/mine")).Code);
        Assert.Equal(0, (await RunAsync("cached", "photos/2024/a.jpg")).Code);
        _remote.Remove("photos", "2024/a.jpg");
        Assert.Equal(0, (await RunAsync("changes", "photos/2024/")).Code);

        Assert.Equal(404, (await _proxy.SendAsync("POST", "/-/v1/revert?bucket=photos&key=nosuch")).Status);
        Assert.Equal(200, (await _proxy.SendAsync("POST", "/-/v1/revert?bucket=photos&key=nosuch&only=stamp")).Status);
    }

    private async Task<(int Code, string Output, string Errors)> RunAsync(params string[] line)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = await CommandLine.RunAsync([.. line, "--endpoint", _proxy.Endpoint.ToString()], output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
