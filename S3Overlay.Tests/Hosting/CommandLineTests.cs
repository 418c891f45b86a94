using S3Overlay.Proxy.Hosting.Commands;

namespace S3Overlay.Tests.Hosting;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("")]
    [InlineData("", "--urls", "http://127.0.0.1:9000")]
    [InlineData("serve", "serve", "--S3_OVERLAY_DATA_DIR=x")]
    [InlineData("", "--s3_overlay_data_dir", "x")]
    [InlineData("", "S3_OVERLAY_DATA_DIR=x")]
    [InlineData("", "--Logging:LogLevel:Default=Debug")]
    [InlineData("", "--port", "9000")]
    [InlineData("serve", "serve", "--port=9000")]
    [InlineData("demo", "demo", "--urls=http://127.0.0.1:9000")]
    [InlineData("admin explain photos/a:b=c --json", "admin", "--S3_OVERLAY_ACCESS_KEY=k", "explain", "photos/a:b=c", "--json")]
    public void Settings_may_stand_anywhere(string rest, params string[] arguments) =>
        Assert.Equal(rest, string.Join(' ', CommandLine.SplitSettings(arguments).Others));

    [Fact]
    public void Settings_keep_their_order_and_values() =>
        Assert.Equal(["--urls", "http://127.0.0.1:9000"], CommandLine.SplitSettings(["--urls", "http://127.0.0.1:9000", "demo"]).Settings);

    [Theory]
    [InlineData("Did you mean 'serve'?", "sevre")]
    [InlineData("Did you mean '--urls'?", "--url", "http://127.0.0.1:9000")]
    [InlineData("Unrecognized command or argument '--data-dir=x'", "serve", "--data-dir=x")]
    [InlineData("Required argument missing for option: '--urls'", "--urls")]
    [InlineData("Required argument missing for option: '--S3_OVERLAY_DATA_DIR'", "demo", "--S3_OVERLAY_DATA_DIR")]
    [InlineData("s3overlay health --help", "health", "now")]
    public async Task A_wrong_command_line_ends_with_code_2_and_says_what_to_type(string expected, params string[] arguments)
    {
        var (code, output, errors) = await RunAsync(arguments);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains(expected, errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Serve S3.", "serve", "-h")]
    [InlineData("Examples:\n  s3overlay --port 9000", "--help")]
    [InlineData("Usage:", "demo", "-?")]
    [InlineData("✓ passed", "doctor", "--help")]
    [InlineData("Evict cache entries", "help", "admin", "evict")]
    [InlineData("See docs/deployment.md.", "help")]
    [InlineData("s3overlay ", "--version")]
    [InlineData("complete -o default -F _s3overlay s3overlay", "completion")]
    public async Task Help_and_version_are_printed(string expected, params string[] arguments)
    {
        var (code, output, errors) = await RunAsync(arguments);

        Assert.Equal((0, ""), (code, errors));
        Assert.Contains(expected, output, StringComparison.Ordinal);
        Assert.DoesNotContain("](", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("undelete", "[suggest:8]", "admin un")]
    [InlineData("--prefix", "[suggest:12]", "admin evict ")]
    [InlineData("--S3_OVERLAY_CACHE_ENABLED", "[suggest:18]", "--S3_OVERLAY_CACHE")]
    public async Task Commands_and_settings_are_completed(string expected, params string[] arguments)
    {
        var (code, output, _) = await RunAsync(arguments);

        Assert.Equal(0, code);
        Assert.Contains(expected, output.Split('\n'));
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        return (await CommandLine.RunAsync(arguments, output, errors), output.ToString(), errors.ToString());
    }
}
