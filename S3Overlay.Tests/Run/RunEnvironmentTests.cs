using System.Collections;
using System.Runtime.Versioning;
using System.Text;

using S3Overlay.Proxy.Hosting.Run;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Run;

/// <summary>What the command's environment has, and no longer has.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class RunEnvironmentTests
{
    private static readonly string[] Given =
    [
        "S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "s3_overlay_access_log", "CONNECTIONSTRINGS__REMOTE_x",
        "ASPNETCORE_S3_OVERLAY_AUTH", "DOTNET_ConnectionStrings__local_x", "AWS_REMOTE_SECRET_ACCESS_KEY", "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
        "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_USE_FIPS_ENDPOINT",
    ];

    [Fact]
    public async Task The_command_gets_the_proxy_and_none_of_our_credentials()
    {
        using var folder = new TemporaryFolder();
        (string, string)[] environment =
        [
            .. Given.Select(static name => (name, "off")), ("ConnectionStrings__remote", "Endpoint=http://127.0.0.1:1"),
            ("AWS_ACCESS_KEY_ID", "of production"), ("AWS_SECRET_ACCESS_KEY", "of production"),
            ("AWS_REGION", "eu-west-1"), ("AWS_CONFIG_FILE", "/production"), ("AWS_PAGER", "less"), ("AWS_STORAGE_BUCKET_NAME", "mine"),
            ("NO_PROXY", "example.com"), ("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1"), ("KEPT", "two\nlines"),
        ];
        await using var run = RunProcess.Start(
            folder, ["--no-cache", "--", "sh", "-c", "env -0; cat \"$AWS_CONFIG_FILE\" \"$AWS_SHARED_CREDENTIALS_FILE\""], environment);
        var reading = run.ReadBytesAsync();
        var ended = await run.EndAsync();
        var seen = Encoding.UTF8.GetString(await reading).Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => line.Split('=', 2)).ToDictionary(static pair => pair[0], static pair => pair[1]);

        Assert.Equal(0, ended.ExitCode);
        Assert.Matches("^http://127\\.0\\.0\\.1:[0-9]+$", seen["AWS_ENDPOINT_URL_S3"]);
        Assert.Matches("^RUN[0-9A-F]{17}$", seen["AWS_ACCESS_KEY_ID"]);
        Assert.Matches("^[0-9a-f]{40}$", seen["AWS_SECRET_ACCESS_KEY"]);
        Assert.Equal(("us-east-1", "us-east-1", "true"),
            (seen["AWS_REGION"], seen["AWS_DEFAULT_REGION"], seen["AWS_EC2_METADATA_DISABLED"]));
        Assert.Equal(("example.com,127.0.0.1", "example.com,127.0.0.1"), (seen["NO_PROXY"], seen["no_proxy"]));
        Assert.NotEqual("/production", seen["AWS_CONFIG_FILE"]);
        Assert.Equal(("less", "mine", "two\nlines", "1"), (seen["AWS_PAGER"], seen["AWS_STORAGE_BUCKET_NAME"], seen["KEPT"],
            seen["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"]));
        Assert.Empty(Given.Append("ConnectionStrings__remote").Intersect(seen.Keys));

        // Everything else is as it was.
        string[] set =
            ["AWS_ENDPOINT_URL_S3", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED", "AWS_SHARED_CREDENTIALS_FILE", "no_proxy"];
        var before = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(static variable => (string)variable.Key)
            .Where(static name => !name.StartsWith("AWS_", StringComparison.Ordinal)
                && !name.StartsWith("S3_OVERLAY_", StringComparison.OrdinalIgnoreCase)
                && !name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase) && name != "_")
            .Concat(environment.Select(static pair => pair.Item1)).Concat(["XDG_CACHE_HOME", "TMPDIR", "PWD", "OLDPWD", "_", "SHLVL"]);
        Assert.Empty(seen.Keys.Except(before).Except(set));
        Assert.Empty(Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(static name =>
            name is "PATH" or "HOME" or "LANG" or "USER").Except(seen.Keys));
    }

    [Theory]
    [InlineData(null, null, "127.0.0.1", "127.0.0.1")]
    [InlineData("a,b", null, "a,b,127.0.0.1", "a,b,127.0.0.1")]
    [InlineData(null, "a", "a,127.0.0.1", "a,127.0.0.1")]
    [InlineData("a", "b", "a,127.0.0.1", "b,127.0.0.1")]
    [InlineData("*", "127.0.0.1", "*", "127.0.0.1")]
    public void The_address_needs_no_proxy(string? upper, string? lower, string expectedUpper, string expectedLower)
    {
        var environment = new Dictionary<string, string?>();
        foreach (var (name, value) in (ReadOnlySpan<(string, string?)>)[("NO_PROXY", upper), ("no_proxy", lower)])
        {
            if (value is not null)
            {
                environment[name] = value;
            }
        }

        ClientVariables.Apply(
            environment, ClientVariables.Of("http://127.0.0.1:8000", "key", "secret", "us-east-1"), "config", "credentials");

        Assert.Equal((expectedUpper, expectedLower), (environment["NO_PROXY"], environment["no_proxy"]));
    }

    [Fact]
    public void A_name_without_a_slash_is_looked_for_in_the_path_alone()
    {
        using var folder = new TemporaryFolder();
        var (first, second) = (Directory.CreateDirectory(folder["1"]).FullName, Directory.CreateDirectory(folder["2"]).FullName);
        File.WriteAllText(Path.Combine(first, "tool"), "");
        File.WriteAllText(Path.Combine(second, "tool"), "");
        File.SetUnixFileMode(Path.Combine(second, "tool"), UnixFileMode.UserRead | UnixFileMode.UserExecute);

        Assert.Equal(Path.Combine(second, "tool"), ProgramSearch.Find("tool", $"{first}:{second}"));
        Assert.Equal(126, Assert.Throws<RunException>(() => ProgramSearch.Find("tool", first)).ExitCode);
        Assert.Equal(127, Assert.Throws<RunException>(() => ProgramSearch.Find("tool", "/nowhere")).ExitCode);
        Assert.Equal(127, Assert.Throws<RunException>(() => ProgramSearch.Find("", second)).ExitCode);
    }
}
