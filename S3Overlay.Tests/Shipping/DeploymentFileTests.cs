using System.Globalization;
using System.Text.RegularExpressions;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Shipping;

/// <summary>The deployment files are written by hand. The program must understand their settings.</summary>
public sealed partial class DeploymentFileTests
{
    public static TheoryData<string> Files => ["deploy/Dockerfile", "deploy/compose.embedded.yaml", "deploy/compose.minio.yaml",
        "deploy/systemd/s3overlay.service", "S3Overlay.Proxy/S3Overlay.Proxy.csproj"];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Every_setting_they_name_is_one(string file)
    {
        var known = Settings.All.Select(setting => setting.Name).ToHashSet();
        var named = SettingName().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, file))).Select(match => match.Value)
            .Distinct().ToList();

        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains(name, known));
    }

    [Fact]
    public async Task Both_ways_to_an_image_give_it_the_same_settings()
    {
        var project = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "S3Overlay.Proxy/S3Overlay.Proxy.csproj"));
        var docker = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "deploy/Dockerfile"));

        var ofProject = OfProject().Matches(project).Select(match => $"{match.Groups[1].Value}={match.Groups[2].Value}").Order();
        var ofDocker = OfDocker().Matches(docker).Select(match => match.Groups[1].Value).Order();
        Assert.Equal(ofProject, ofDocker);
        Assert.Contains("S3_OVERLAY_DATA_DIR=/home/app/data", ofDocker);
    }

    /// <summary>The proxy must have time to cut open requests and close its store before it is killed.</summary>
    [Theory]
    [InlineData("deploy/compose.embedded.yaml", "stop_grace_period: ([0-9]+)s")]
    [InlineData("deploy/compose.minio.yaml", "stop_grace_period: ([0-9]+)s")]
    [InlineData("deploy/systemd/s3overlay.service", "TimeoutStopSec=([0-9]+)")]
    [InlineData("docs/deployment.md", "--stop-timeout ([0-9]+)")]
    public async Task They_leave_a_stop_longer_than_the_proxy_waits_for_requests(string file, string pattern)
    {
        var seconds = Regex.Match(await File.ReadAllTextAsync(Path.Combine(Repository.Root, file)), pattern).Groups[1].Value;

        Assert.InRange(int.Parse(seconds, CultureInfo.InvariantCulture), Settings.ShutdownTimeout.DefaultValue.TotalSeconds + 10, 90);
    }

    [Theory]
    [InlineData("deploy/compose.embedded.yaml", "env_file: [{ path: .env, required: false }]")]
    [InlineData("deploy/compose.minio.yaml", "env_file: [{ path: .env, required: false }]")]
    [InlineData("deploy/systemd/s3overlay.service", "EnvironmentFile=-/etc/s3overlay.env")]
    public async Task They_pass_every_setting_of_a_file_on(string file, string line) =>
        Assert.Contains(line, (await File.ReadAllLinesAsync(Path.Combine(Repository.Root, file))).Select(each => each.Trim()));

    /// <summary>
    /// Settings in the Compose file override the environment file, so each must have the file's own value or one that the image needs.
    /// </summary>
    [Theory]
    [InlineData("deploy/compose.embedded.yaml")]
    [InlineData("deploy/compose.minio.yaml")]
    public async Task They_hide_no_setting_of_that_file(string file)
    {
        var named = Named().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, file)))
            .Select(match => (Name: match.Groups[1].Value, Value: match.Groups[2].Value)).ToList();

        Assert.NotEmpty(named);
        Assert.All(
            named.Where(setting => setting.Name is not ("S3_OVERLAY_LOCAL_ENDPOINT" or "S3_OVERLAY_PORT")),
            setting => Assert.StartsWith("${" + setting.Name, setting.Value, StringComparison.Ordinal));
    }

    /// <summary>
    /// <c>S3_OVERLAY_PORT</c> in the file chooses the published port. Inside the container the proxy must stay on the port that the mapping
    /// leads to.
    /// </summary>
    [Theory]
    [InlineData("deploy/compose.embedded.yaml")]
    [InlineData("deploy/compose.minio.yaml")]
    public async Task A_port_of_that_file_moves_only_the_published_one(string file)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, file));

        var inside = Regex.Match(text, @"ports: \[""\$\{S3_OVERLAY_PORT:-8000\}:([0-9]+)""\]").Groups[1].Value;
        Assert.Equal("8000", inside);
        Assert.Contains(("S3_OVERLAY_PORT", inside), Named().Matches(text).Select(match => (match.Groups[1].Value, match.Groups[2].Value)));
    }

    [DeploymentToolFact("systemd-analyze")]
    public async Task The_unit_is_one_that_systemd_takes()
    {
        var result = await S3Tool.RunAsync("systemd-analyze", ["verify", Path.Combine(Repository.Root, "deploy/systemd/s3overlay.service")],
            new Dictionary<string, string>());

        Assert.Equal("", result.Output + result.Errors);
        Assert.Equal(0, result.ExitCode);
    }

    [DeploymentToolFact("docker", "/usr/libexec/docker/cli-plugins/docker-compose")]
    public async Task The_compose_files_pass_the_file_to_the_proxy_as_Docker_reads_them()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(
            folder[".env"],
            "S3_OVERLAY_SECRET_KEY=secret\nS3_OVERLAY_LOCAL_SECRET_KEY=secret1\nS3_OVERLAY_REMOTE_ENDPOINT=https://s3.example.org\n"
            + "S3_OVERLAY_CHUNK_SIZE=32MiB\n");
        foreach (var name in (string[])["compose.embedded.yaml", "compose.minio.yaml"])
        {
            File.Copy(Path.Combine(Repository.Root, "deploy", name), folder[name]);
            var result = await S3Tool.RunAsync("docker", ["compose", "-f", folder[name], "config"], new Dictionary<string, string>());

            Assert.Equal(0, result.ExitCode);
            Assert.Contains("S3_OVERLAY_CHUNK_SIZE: 32MiB", result.Output, StringComparison.Ordinal);
            Assert.Contains("S3_OVERLAY_REMOTE_ENDPOINT: https://s3.example.org", result.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Package_and_image_say_whose_they_are()
    {
        var properties = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "Directory.Build.props"));
        var project = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "S3Overlay.Proxy/S3Overlay.Proxy.csproj"));
        var docker = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "deploy/Dockerfile"));
        var licence = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "LICENSE"));

        // The SDK makes the labels of its image from the same properties.
        List<string> said = [Property(properties, "Authors"), Property(properties, "PackageLicenseExpression"),
            Property(project, "Description")];
        Assert.Equal(said, [Label(docker, "authors"), Label(docker, "licenses"), Label(docker, "description")]);
        Assert.Contains(said[0], licence, StringComparison.Ordinal);
        Assert.StartsWith(said[1], licence, StringComparison.Ordinal);
        Assert.Contains("s3", Property(project, "PackageTags").Split(';'));
        Assert.Equal("true", Property(properties, "PublishRepositoryUrl"));

        static string Property(string file, string name) => Regex.Match(file, $"<{name}>([^<]+)</{name}>").Groups[1].Value;
        static string Label(string file, string name) => Regex.Match(file, $"org.opencontainers.image.{name}=\"([^\"]+)\"").Groups[1].Value;
    }

    [GeneratedRegex("^ +(S3_OVERLAY_[A-Z0-9_]+): (.+)$", RegexOptions.Multiline)]
    private static partial Regex Named();

    [GeneratedRegex("S3_OVERLAY_[A-Z0-9_]+")]
    private static partial Regex SettingName();

    [GeneratedRegex("<ContainerEnvironmentVariable Include=\"([^\"]+)\" Value=\"([^\"]+)\"")]
    private static partial Regex OfProject();

    [GeneratedRegex(@"^(?:ENV|   ) ([A-Za-z0-9_]+=[^ \\\n]+)", RegexOptions.Multiline)]
    private static partial Regex OfDocker();
}

/// <summary>A test that checks deployment files with the program that reads them, if installed.</summary>
public sealed class DeploymentToolFactAttribute : FactAttribute
{
    /// <summary>A test that needs a command.</summary>
    /// <param name="plugin">A file that must be there as well, or null.</param>
    public DeploymentToolFactAttribute(string command, string? plugin = null)
    {
        if (!S3Tool.IsInstalled(command) || (plugin is not null && !File.Exists(plugin)))
        {
            Skip = $"{plugin ?? command} is not installed.";
        }
    }
}
