using System.Globalization;
using System.Net;
using System.Net.Sockets;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Hosting;

/// <summary>The program as it is started from a shell.</summary>
public sealed class ProcessTests
{
    [Fact]
    public async Task Bad_settings_end_it_with_code_2_and_every_error_in_plain_words()
    {
        var result = await ProxyProgram.RunAsync([], ("S3_OVERLAY_CHUNK_SIZE", "banana"), ("s3_overlay_remote_endpoint", "nowhere"),
            ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "hush"));

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("3 settings are wrong", result.Errors, StringComparison.Ordinal);
        Assert.Contains("S3_OVERLAY_CHUNK_SIZE = \"banana\"", result.Errors, StringComparison.Ordinal);
        Assert.Contains("S3_OVERLAY_REMOTE_ENDPOINT = \"nowhere\"", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", result.Errors + result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Errors + result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "S3_OVERLAY_DATA_DIR", "help")]
    [InlineData(0, "objects (photos/2024/*). * and ? work as in rights", "help")]
    [InlineData(0, "s3overlay ", "--version")]
    [InlineData(2, "serve", "sevre")]
    public async Task Commands_say_what_they_are_asked(int exitCode, string expected, string command)
    {
        var result = await ProxyProgram.RunAsync([command]);

        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains(expected, result.Output + result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_ends_it_with_code_1_and_one_line()
    {
        using var folder = new TemporaryFolder();
        using var occupied = new TcpListener(IPAddress.Loopback, 0);
        occupied.Start();
        var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)occupied.LocalEndpoint).Port}");

        var result = await ProxyProgram.RunAsync(["--urls", url], ("S3_OVERLAY_DATA_DIR", folder["data"]));

        Assert.Equal(1, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.StartsWith($"S3Overlay cannot start: {url} is in use by another program.", result.Errors, StringComparison.Ordinal);
        Assert.Single(result.Errors.Trim().Split('\n'));
    }

    [Fact]
    public async Task A_data_folder_that_is_a_file_ends_it_with_code_1_and_one_line()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["data"], "");

        var result = await ProxyProgram.RunAsync(["--urls", "http://127.0.0.1:0"], ("S3_OVERLAY_DATA_DIR", folder["data"]));

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("S3_OVERLAY_DATA_DIR", result.Errors, StringComparison.Ordinal);
        Assert.Single(result.Errors.Trim().Split('\n'));
    }

    [Fact]
    public async Task A_spool_folder_that_is_a_file_ends_it_with_code_1_and_one_line()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["spool"], "");

        var result = await ProxyProgram.RunAsync(
            ["--urls", "http://127.0.0.1:0"], ("S3_OVERLAY_DATA_DIR", folder["data"]), ("S3_OVERLAY_LOCAL_ENDPOINT", "http://127.0.0.1:1"),
            ("S3_OVERLAY_SPOOL_DIR", folder["spool"]));

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("S3_OVERLAY_SPOOL_DIR", result.Errors, StringComparison.Ordinal);
        Assert.Single(result.Errors.Trim().Split('\n'));
    }

    [Fact, Trait("Rule", "F")]
    public async Task A_request_for_a_store_that_is_down_is_one_line_of_the_log_that_says_why()
    {
        using var folder = new TemporaryFolder();
        await using var proxy = await ProxyProcess.StartAsync(
            folder["data"],
            ("S3_OVERLAY_LOCAL_ENDPOINT", "http://127.0.0.1:1"),
            ("S3_OVERLAY_LOCAL_ACCESS_KEY", "key"),
            ("S3_OVERLAY_LOCAL_SECRET_KEY", "secret"));
        var response = await new SignedHttp(proxy.Endpoint, "key", "secret").SendAsync("GET", "/bucket/key");

        Assert.Equal(503, response.Status);
        await Patience.UntilAsync(() => proxy.Output.Contains("GetObject", StringComparison.Ordinal), "Nothing is said of the request.");
        Assert.Matches("warn: .*GetObject.* could not be served: ServiceUnavailable: .*refused", proxy.Output);
        Assert.DoesNotContain("   at ", proxy.Output, StringComparison.Ordinal);

        // The start-up log gives the reason too, with the setting.
        await Patience.UntilAsync(
            () => proxy.Output
                .Contains(
                "http://127.0.0.1:1 refuses the connection: nothing listens there. "
                + "Start it, or correct the port in S3_OVERLAY_LOCAL_ENDPOINT.", StringComparison.Ordinal),
            "The reason is not told.");
        Assert.DoesNotContain("did not answer in time", proxy.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_says_what_it_serves_and_stops_cleanly_on_SIGTERM()
    {
        using var folder = new TemporaryFolder();
        await using var proxy = await ProxyProcess.StartAsync(folder["data"]);

        Assert.Equal(0, await proxy.TerminateAsync());
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"serves S3 on http://127.0.0.1:{proxy.Port}"), proxy.Output,
            StringComparison.Ordinal);
        Assert.Contains(folder["data"], proxy.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("fail:", proxy.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("warn:", proxy.Output, StringComparison.Ordinal);
    }
}
