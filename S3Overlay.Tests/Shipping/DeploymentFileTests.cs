using System.Globalization;
using System.Text.RegularExpressions;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Shipping;

/// <summary>The files that ship it are written by hand; what they say to the program, it must understand.</summary>
public sealed partial class DeploymentFileTests
{
    public static TheoryData<string> Files => ["deploy/Dockerfile", "deploy/compose.embedded.yaml", "deploy/compose.minio.yaml", "deploy/systemd/s3overlay.service", "S3Overlay.Proxy/S3Overlay.Proxy.csproj"];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Every_setting_they_name_is_one(string file)
    {
        // A port is the composer's own variable: it is no setting, since inside of the container the port is fixed.
        var known = Settings.All.Select(setting => setting.Name).Append("S3_OVERLAY_PORT").ToHashSet();
        var named = SettingName().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, file))).Select(match => match.Value).Distinct().ToList();

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

    /// <summary>The proxy must cut what is left and close its store before it is killed.</summary>
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

    [GeneratedRegex("S3_OVERLAY_[A-Z0-9_]+")]
    private static partial Regex SettingName();

    [GeneratedRegex("<ContainerEnvironmentVariable Include=\"([^\"]+)\" Value=\"([^\"]+)\"")]
    private static partial Regex OfProject();

    [GeneratedRegex(@"^(?:ENV|   ) ([A-Za-z0-9_]+=[^ \\\n]+)", RegexOptions.Multiline)]
    private static partial Regex OfDocker();
}
