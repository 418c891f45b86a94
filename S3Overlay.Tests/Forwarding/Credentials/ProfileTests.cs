using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Credentials;

/// <summary>Every kind of AWS profile as a remote's credentials, through a real proxy.</summary>
/// <remarks>https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html</remarks>
public sealed class ProfileTests(AwsProfiles profiles) : IClassFixture<AwsProfiles>
{
    private AwsHome Home => profiles.Home;

    [Fact]
    public async Task A_role_is_assumed_with_the_keys_of_its_source_profile_and_the_external_id()
    {
        await ReadAsync("role", "KEY-reader-");

        Assert.Contains("AssumeRole reader by PLAIN external the-external-id token ", Home.Services.Requests);
    }

    [Fact]
    public async Task A_role_can_be_assumed_from_another_role()
    {
        await ReadAsync("chained", "KEY-second-");

        Assert.Contains(
            Home.Services.Requests, request => request.StartsWith("AssumeRole second by KEY-reader-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_web_identity_of_a_file_takes_a_role()
    {
        await ReadAsync("web", "KEY-web-");

        Assert.Contains("AssumeRoleWithWebIdentity web by anonymous external  token web-identity-token", Home.Services.Requests);
    }

    [Fact]
    public async Task An_SSO_session_takes_a_role_and_its_token_is_refreshed()
    {
        await ReadAsync("sso", "KEY-signed-in-");

        Assert.Contains("CreateToken refresh_token refresh-token", Home.Services.Requests);
        Assert.Contains("GetRoleCredentials signed-in of 111122223333 token refreshed-token", Home.Services.Requests);
    }

    [Fact]
    public async Task An_SSO_profile_without_a_session_uses_the_cached_token()
    {
        await ReadAsync("legacy-sso", "KEY-legacy-");

        Assert.Contains("GetRoleCredentials legacy of 111122223333 token legacy-token", Home.Services.Requests);
    }

    [Fact]
    public async Task A_credential_process_prints_keys()
    {
        await ReadAsync("process", "KEY-process");
        Assert.Equal("token-of-process", Home.LastKeys("process").Token);
    }

    [Fact]
    public async Task Keys_of_the_credentials_file_need_no_service()
    {
        await ReadAsync("plain", "PLAIN");
        Assert.Equal("", Home.LastKeys("plain").Token);
    }

    [Fact]
    public async Task Short_lived_keys_are_renewed_while_requests_continue()
    {
        await ReadAsync("brief", "KEY-brief-");
        var first = Home.LastKeys("brief").Key;

        await Patience.UntilAsync(
            async () =>
            {
                await ReadAsync("brief", "KEY-brief-");
                return Home.LastKeys("brief").Key != first;
            },
            "the keys are not renewed");
    }

    [Theory]
    [Trait("Rule", "A4")]
    [InlineData("missing", "There is no AWS profile 'missing' (S3_OVERLAY_REMOTE_MISSING_PROFILE).",
        "correct S3_OVERLAY_REMOTE_MISSING_PROFILE.")]
    [InlineData("refused",
        "the AWS profile 'refused' (S3_OVERLAY_REMOTE_REFUSED_PROFILE): STS answered AccessDenied: User: arn:aws:iam::1:user/dev is not",
        "Check role_arn, external_id and source_profile")]
    [InlineData("expired-sso",
        "the AWS profile 'expired-sso' (S3_OVERLAY_REMOTE_EXPIRED_SSO_PROFILE): its SSO sign-in is missing or has expired.",
        "Run: aws sso login --profile expired-sso")]
    [InlineData("broken-process",
        "the AWS profile 'broken-process' (S3_OVERLAY_REMOTE_BROKEN_PROCESS_PROFILE): its credential_process ended with exit code 7.",
        "by hand")]
    [InlineData("leaky-process",
        "the AWS profile 'leaky-process' (S3_OVERLAY_REMOTE_LEAKY_PROCESS_PROFILE): its credential_process did not print credentials",
        "by hand")]
    [InlineData("mfa", "A server cannot use the AWS profile 'mfa' (S3_OVERLAY_REMOTE_MFA_PROFILE)", "Use a profile without mfa_serial")]
    [InlineData("orphan", "the AWS profile 'orphan' (S3_OVERLAY_REMOTE_ORPHAN_PROFILE): Source profile [nowhere] was not found.",
        "Check the profile in ")]
    [InlineData("no-token-file", "no-such-file does not exist.", "Correct web_identity_token_file of the AWS profile 'no-token-file'.")]
    public async Task A_client_sees_a_generic_503_and_the_log_names_the_profile_and_the_remedy(
        string profile, string problem, string remedy)
    {
        var (status, text) = await Home.ReadAsync(profiles.Proxy, profile);

        Assert.Equal(503, status);
        Assert.DoesNotContain("rofile", text, StringComparison.Ordinal);
        var line = await Patience.UntilAsync(() => Task.FromResult(LineWith(problem)), static found => found.Length > 0,
            _ => $"not logged: {problem}\n{profiles.Proxy.Output}");
        Assert.Contains(remedy, line, StringComparison.Ordinal);
        Assert.DoesNotContain(FakeAws.Secret, profiles.Proxy.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Home.Remote.Requests, request => request.Bucket == profile);
    }

    private string LineWith(string text) => profiles.Proxy.Output.Split('\n')
        .FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) ?? "";

    private async Task ReadAsync(string profile, string key)
    {
        var (status, text) = await Home.ReadAsync(profiles.Proxy, profile);

        Assert.True(status == 200, $"{status} {text}\n{profiles.Proxy.Output}");
        Assert.StartsWith(key, Home.LastKeys(profile).Key, StringComparison.Ordinal);
    }
}
