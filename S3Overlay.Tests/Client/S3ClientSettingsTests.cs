using Amazon.S3;

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace S3Overlay.Tests.Client;

/// <summary>The sources of an S3 client's settings, and the errors for invalid ones.</summary>
public sealed class S3ClientSettingsTests : ClientTestBase
{
    private const string Connection = "Endpoint=http://127.0.0.1:9000;AccessKey=a;SecretKey=hush-hush";

    [Theory]
    [InlineData("AccessKey=a;SecretKey=hush-hush", "has no Endpoint.")]
    [InlineData("Endpoint=http://127.0.0.1:9000;SecretKey=hush-hush", "has no AccessKey.")]
    [InlineData("Endpoint=http://127.0.0.1:9000;AccessKey=a", "has no SecretKey.")]
    [InlineData("Endpoint=http://127.0.0.1:9000", "has no AccessKey and no SecretKey.")]
    [InlineData("Endpoint=127.0.0.1:9000;AccessKey=a;SecretKey=hush-hush", "Endpoint that is no http:// or https:// URL")]
    [InlineData("Endpoint=ftp://store;AccessKey=a;SecretKey=hush-hush", "Endpoint that is no http:// or https:// URL")]
    [InlineData("Endpoint=http://127.0.0.1:9000;AccesKey=a;SecretKey=hush-hush", "\"acceskey\"")]
    [InlineData(Connection + ";ForcePathStyle=perhaps", "ForcePathStyle")]
    [InlineData("Endpoint=http://127.0.0.1:9000;SecretKey='hush-hush", "cannot be read")]
    [InlineData("http://127.0.0.1:9000", "cannot be read")]
    [InlineData("", "is missing")]
    public void Errors_name_the_problem_and_no_secret(string connection, string problem)
    {
        using var services = Build(builder => builder.AddS3Client("s3"), ("ConnectionStrings:s3", connection));

        var error = Assert.Throws<InvalidOperationException>(() => services.GetRequiredService<IAmazonS3>());

        Assert.Contains(problem, error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("ConnectionStrings:s3", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush-hush", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_connection_is_reported_when_a_client_is_created()
    {
        using var services = Build(builder => builder.AddKeyedS3Client("photos"));

        var error = Assert.Throws<InvalidOperationException>(() => services.GetRequiredKeyedService<IAmazonS3>("photos"));

        Assert.Contains("ConnectionStrings:photos", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_connection_string_is_in_path_style_by_default()
    {
        var plain = Configuration(builder => builder.AddS3Client("s3"), ("ConnectionStrings:s3", Connection));
        var told = Configuration(
            builder => builder.AddS3Client("s3"), ("ConnectionStrings:s3", Connection + ";ForcePathStyle=false;Region=eu-north-1"));

        Assert.Equal((true, "us-east-1"), (plain.ForcePathStyle, plain.AuthenticationRegion));
        Assert.Equal((false, "eu-north-1"), (told.ForcePathStyle, told.AuthenticationRegion));
    }

    [Fact]
    public void The_connections_own_section_wins_over_the_common_one_and_the_connection_string_over_both()
    {
        var configuration = Configuration(
            builder => builder.AddS3Client("s3"),
            ("Aspire:S3Overlay:Client:Region", "common"),
            ("Aspire:S3Overlay:Client:Endpoint", "http://127.0.0.1:1"),
            ("Aspire:S3Overlay:Client:s3:Region", "own"),
            ("Aspire:S3Overlay:Client:other:Region", "another's"),
            ("ConnectionStrings:s3", Connection));

        Assert.Equal(("own", 9000), (configuration.AuthenticationRegion, new Uri(configuration.ServiceURL).Port));
    }

    [Fact]
    public void Sections_are_enough()
    {
        var configuration = Configuration(
            builder => builder.AddS3Client("s3"),
            ("Aspire:S3Overlay:Client:s3:Endpoint", "https://store.example.com"),
            ("Aspire:S3Overlay:Client:s3:AccessKey", "a"),
            ("Aspire:S3Overlay:Client:s3:SecretKey", "b"));

        Assert.Equal(new Uri("https://store.example.com"), new Uri(configuration.ServiceURL));
    }

    [Fact]
    public void The_callers_own_code_has_the_last_word()
    {
        var configuration = Configuration(
            builder => builder.AddS3Client("s3", settings => settings.Region = "mine", client => client.MaxErrorRetry = 9),
            ("ConnectionStrings:s3", Connection));

        Assert.Equal(("mine", 9), (configuration.AuthenticationRegion, configuration.MaxErrorRetry));
    }

    private static AmazonS3Config Configuration(Action<IHostApplicationBuilder> add, params (string Name, string Value)[] configuration)
    {
        using var services = Build(add, configuration);
        return (AmazonS3Config)services.GetRequiredService<IAmazonS3>().Config;
    }
}
