using System.Text.Json;

using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Proxy.Hosting.Run;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Run;

/// <summary>The variables for a proxy that runs already.</summary>
public sealed class EnvCommandTests
{
    private const string Secret = """it's "$HOME" \ `x` ‘typographic’""";

    private static readonly string[] Settings = ["--S3_OVERLAY_ACCESS_KEY=team", "--S3_OVERLAY_SECRET_KEY=" + Secret, "--port", "9000"];

    [Fact]
    public async Task Bash_takes_every_value_as_it_is()
    {
        var lines = await RunAsync();
        var result = await S3Tool.RunAsync("bash",
            ["-c", "eval \"$1\"; printf '%s\\n' \"$AWS_ENDPOINT_URL_S3\" \"$AWS_ACCESS_KEY_ID\" \"$AWS_SECRET_ACCESS_KEY\" \"$AWS_REGION\"",
                "bash", lines], new Dictionary<string, string>());

        Assert.Equal($"http://127.0.0.1:9000\nteam\n{Secret}\nus-east-1\n", result.Succeeded());
    }

    [Fact]
    public async Task Json_has_every_variable()
    {
        var variables = JsonSerializer.Deserialize<Dictionary<string, string>>(await RunAsync("--json", "--S3_OVERLAY_REGION=eu-west-1"))!;

        Assert.Equal(
            ["AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_SECRET_ACCESS_KEY"],
            variables.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((Secret, "eu-west-1"), (variables["AWS_SECRET_ACCESS_KEY"], variables["AWS_REGION"]));
    }

    [Theory]
    [InlineData("bash", "export A='it'\\''s \\ $x'", "unset AWS_PROFILE")]
    [InlineData("fish", "set -gx A 'it\\'s \\\\ $x'", "set -e AWS_PROFILE")]
    [InlineData("powershell", "$env:A = 'it''s \\ $x'", "Remove-Item Env:AWS_PROFILE")]
    public void Each_shell_has_its_own_quotes(string shell, string set, string remove) =>
        Assert.Equal([set, remove], ShellText.Of(shell, [new("A", "it's \\ $x")], ["AWS_PROFILE"]));

    [Fact]
    public async Task An_unknown_shell_is_an_error()
    {
        using var errors = new StringWriter();

        Assert.Equal(2, await CommandLine.RunAsync(["env", "--shell", "csh"], TextWriter.Null, errors));
        Assert.Contains("powershell", errors.ToString(), StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(params string[] options)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter();
        Assert.Equal(0, await CommandLine.RunAsync(["env", .. Settings, .. options], output, errors));
        Assert.Equal("", errors.ToString());
        return output.ToString();
    }
}
