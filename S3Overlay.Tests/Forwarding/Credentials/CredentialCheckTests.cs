using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Forwarding.Credentials;
using S3Overlay.Tests.Configuration;

namespace S3Overlay.Tests.Forwarding.Credentials;

/// <summary>What is known of a remote's credentials before the first request.</summary>
public sealed class CredentialCheckTests : OptionsTestBase
{
    [Fact]
    public async Task Keys_of_the_settings_and_no_signature_are_named_without_asking_anybody()
    {
        Assert.Equal(
            new CredentialCheck("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "id", null, null, null),
            await CheckAsync("S3_OVERLAY_REMOTE_ACCESS_KEY_ID=id", "S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY=hush-hush"));
        Assert.Equal(new CredentialCheck("no signature (S3_OVERLAY_REMOTE_ANONYMOUS)", null, null, null, null),
            await CheckAsync("S3_OVERLAY_REMOTE_ANONYMOUS=true"));
    }

    [Fact]
    public async Task A_failure_is_reported_with_its_source_and_remedy()
    {
        var check = await CheckAsync("S3_OVERLAY_REMOTE_PROFILE=no-such-profile-of-anybody");

        Assert.Equal("the AWS profile 'no-such-profile-of-anybody' (S3_OVERLAY_REMOTE_PROFILE)", check.Source);
        Assert.Equal("There is no AWS profile 'no-such-profile-of-anybody' (S3_OVERLAY_REMOTE_PROFILE).", check.Problem);
        Assert.EndsWith("or correct S3_OVERLAY_REMOTE_PROFILE.", check.Remedy, StringComparison.Ordinal);
        Assert.Null(check.AccessKeyId);
    }

    private static Task<CredentialCheck> CheckAsync(params string[] settings) =>
        RemoteCredentials.CheckAsync(Read(settings).Remote!, CancellationToken.None);
}
