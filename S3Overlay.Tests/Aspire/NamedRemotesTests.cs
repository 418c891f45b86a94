using Microsoft.Extensions.Configuration;

using S3Overlay.Hosting;
using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Reading;

namespace S3Overlay.Tests.Aspire;

/// <summary>How the proxy reads the named remotes that an application host configures.</summary>
public sealed class NamedRemotesTests
{
    [Fact]
    public void The_proxy_reads_what_the_application_host_said()
    {
        var remotes = new NamedRemotes();
        remotes.Add("models", ["models", "data/models/:ml-prod/released/"]);
        remotes.Add("logs-eu", ["*"]);
        var settings = remotes.Settings.Concat(((string[])["models", "logs-eu"]).Select(name =>
            KeyValuePair.Create($"ConnectionStrings:{NamedRemotes.ConnectionOf(name)}",
                $"Endpoint=http://{name}:9000;AccessKey=key-of-{name};SecretKey=secret")));
        var problems = new ConfigurationProblems();
        var options = ProxyOptionsReader.Read(new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))).Build(), problems);

        Assert.Empty(problems.Errors);
        Assert.Empty(problems.Warnings);
        Assert.Equal([("models", "http://models:9000/", "key-of-models"), ("logs-eu", "http://logs-eu:9000/", "key-of-logs-eu")],
            options.Remotes.Select(remote => (remote.Name, remote.Endpoint!.ToString(), remote.AccessKeyId!)));
        Assert.Equal([("data", "models/", "ml-prod", "released/"), ("models", "", "models", "")],
            options.Remotes[0].Mapping.Select(row => (row.Local, row.LocalPrefix, row.Remote, row.Prefix)).Order());
        Assert.Equal((UnmappedBuckets.Deny, UnmappedBuckets.SameName), (options.Remotes[0].Unmapped, options.Remotes[1].Unmapped));
    }

    [Fact]
    public void Without_any_nothing_is_said() => Assert.Empty(new NamedRemotes().Settings);

    [Theory]
    [InlineData("", "bucket")]
    [InlineData("1st", "bucket")]
    [InlineData("a.b", "bucket")]
    [InlineData("LOGS_EU", "bucket")]
    [InlineData("other")]
    [InlineData("other", "")]
    [InlineData("other", "a,b")]
    [InlineData("other", "{\"a\": \"b\"}")]
    public void What_the_settings_could_not_hold_is_refused(string name, params string[] backs)
    {
        var remotes = new NamedRemotes();
        remotes.Add("logs-eu", ["logs"]);
        Assert.Throws<ArgumentException>(() => remotes.Add(name, backs));
        Assert.Equal(["S3_OVERLAY_REMOTES", "S3_OVERLAY_REMOTE_LOGS_EU_BACKS"], remotes.Settings.Select(setting => setting.Key));
    }
}
