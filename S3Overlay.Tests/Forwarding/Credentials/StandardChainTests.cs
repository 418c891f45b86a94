using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Credentials;

/// <summary>The sources of a remote's credentials when no setting names them, through a real proxy.</summary>
/// <remarks>https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html</remarks>
public sealed class StandardChainTests : IAsyncLifetime
{
    private AwsHome _home = null!;

    public async Task InitializeAsync() => _home = await AwsHome.StartAsync();

    public async Task DisposeAsync() => await _home.DisposeAsync();

    [Fact]
    public async Task Keys_of_the_environment_come_first()
    {
        _home.Write(".aws/credentials", $"[default]\naws_access_key_id = DEFAULT\naws_secret_access_key = {FakeAws.Secret}\n");

        await ReadAsync("ENVIRONMENT", "environment-token", ("AWS_ACCESS_KEY_ID", "ENVIRONMENT"), ("AWS_SECRET_ACCESS_KEY", FakeAws.Secret),
            ("AWS_SESSION_TOKEN", "environment-token"));
    }

    [Fact]
    public async Task A_web_identity_of_the_environment_takes_a_role()
    {
        var token = _home.Write("token", "pod-token");

        await ReadAsync("KEY-pod-1", "token-of-KEY-pod-1", ("AWS_WEB_IDENTITY_TOKEN_FILE", token),
            ("AWS_ROLE_ARN", "arn:aws:iam::1:role/pod"), ("AWS_REGION", "eu-west-1"));

        Assert.Equal(["AssumeRoleWithWebIdentity pod by anonymous external  token pod-token"], _home.Services.Requests);
    }

    [Fact]
    public async Task The_default_profile_comes_before_the_container_if_it_has_credentials()
    {
        _home.Write(".aws/config", $"[default]\naws_access_key_id = DEFAULT\naws_secret_access_key = {FakeAws.Secret}\n");

        await ReadAsync("DEFAULT", "", Container());
    }

    [Fact]
    public async Task A_container_is_asked_with_its_authorization_token()
    {
        _home.Write(".aws/config", "[default]\nregion = eu-central-1\n");

        await ReadAsync("KEY-container-1", "token-of-KEY-container-1", Container());
    }

    [Fact]
    public async Task An_instance_is_asked_by_the_second_version_of_its_metadata_service()
    {
        await ReadAsync(
            "KEY-instance-1", "token-of-KEY-instance-1",
            ("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", _home.Services.Endpoint.ToString().TrimEnd('/')));

        Assert.Equal("metadata token", _home.Services.Requests[0]);
    }

    [Fact]
    public async Task If_no_place_is_set_up_the_log_says_what_to_set()
    {
        await using var proxy = await StartAsync();
        var (status, _) = await _home.ReadAsync(proxy, "bucket");

        Assert.Equal(503, status);
        await Patience.UntilAsync(
            () => proxy.Output
                .Contains("Set S3_OVERLAY_REMOTE_PROFILE, or S3_OVERLAY_REMOTE_ACCESS_KEY_ID and S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY",
                StringComparison.Ordinal), proxy.Output);
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_named()
    {
        _home.Write(".aws/config", $"[default]\nregion\n{FakeAws.Secret}\n");
        await using var proxy = await StartAsync();
        var (status, _) = await _home.ReadAsync(proxy, "bucket");

        Assert.Equal(503, status);
        await Patience.UntilAsync(() => proxy.Output.Contains("No credentials came from the standard AWS chain", StringComparison.Ordinal),
            proxy.Output);
        Assert.DoesNotContain(FakeAws.Secret, proxy.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_container_that_refuses_is_named_and_its_token_is_not()
    {
        await using var proxy = await StartAsync([.. Container(), ("AWS_CONTAINER_AUTHORIZATION_TOKEN", $"wrong-{FakeAws.Secret}")]);
        var (status, _) = await _home.ReadAsync(proxy, "bucket");

        Assert.Equal(503, status);
        await Patience
            .UntilAsync(
            () => proxy.Output.Contains("No credentials came from the container credentials of AWS_CONTAINER_CREDENTIALS_FULL_URI",
            StringComparison.Ordinal), proxy.Output);
        Assert.DoesNotContain(FakeAws.Secret, proxy.Output, StringComparison.Ordinal);
    }

    private (string Name, string Value)[] Container() =>
        [("AWS_CONTAINER_CREDENTIALS_FULL_URI", new Uri(_home.Services.Endpoint, "/container").ToString()),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", $"Bearer pod-{FakeAws.Secret}")];

    private Task<ProxyProcess> StartAsync(params (string Name, string Value)[] settings) =>
        _home.StartProxyAsync([("S3_OVERLAY_REMOTE_ENDPOINT", _home.Remote.Endpoint.ToString()), .. settings]);

    private async Task ReadAsync(string key, string token, params (string Name, string Value)[] settings)
    {
        await using var proxy = await StartAsync(settings);
        var (status, text) = await _home.ReadAsync(proxy, "bucket");

        Assert.True(status == 200, $"{status} {text}\n{proxy.Output}");
        Assert.Equal((key, token), _home.LastKeys("bucket"));
        Assert.DoesNotContain(FakeAws.Secret, proxy.Output, StringComparison.Ordinal);
    }
}
