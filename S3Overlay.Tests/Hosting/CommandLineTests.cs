using S3Overlay.Proxy.Hosting;

namespace S3Overlay.Tests.Hosting;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("serve")]
    [InlineData("serve", "--urls", "http://127.0.0.1:9000")]
    [InlineData("serve", "serve", "--S3_OVERLAY_DATA_DIR=x")]
    [InlineData("serve", "--s3_overlay_data_dir", "x")]
    [InlineData("serve", "S3_OVERLAY_DATA_DIR=x")]
    [InlineData("serve", "--Logging:LogLevel:Default=Debug")]
    [InlineData("serve", "--port", "9000")]
    [InlineData("serve", "serve", "--port=9000")]
    [InlineData("demo", "demo", "--urls=http://127.0.0.1:9000")]
    [InlineData("seed", "seed")]
    [InlineData("help", "--help")]
    [InlineData("help", "serve", "-h")]
    [InlineData("version", "--version")]
    public void A_command_may_be_followed_by_settings(string command, params string[] arguments) =>
        Assert.Equal(command, CommandLine.Read(arguments).Command);

    [Fact]
    public void Settings_are_handed_on_without_the_command() =>
        Assert.Equal(["--urls", "http://127.0.0.1:9000"], CommandLine.Read(["demo", "--urls", "http://127.0.0.1:9000"]).Options);

    [Theory]
    [InlineData("There is no command \"sevre\".", "sevre")]
    [InlineData("There is no option \"--url\".", "--url", "http://127.0.0.1:9000")]
    [InlineData("There is no option \"--data-dir=x\".", "serve", "--data-dir=x")]
    [InlineData("The option \"--urls\" lacks its value.", "--urls")]
    public void What_nothing_would_read_is_refused(string problem, params string[] arguments)
    {
        var line = CommandLine.Read(arguments);

        Assert.Null(line.Command);
        Assert.Equal(problem, line.Problem);
    }
}
