using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Credentials;

/// <summary>
/// A proxy with one remote for each profile of a home folder: a bucket of the profile's name is read with its credentials.
/// </summary>
public sealed class AwsProfiles : IAsyncLifetime
{
    private static readonly string[] Names =
        ["plain", "role", "chained", "web", "sso", "legacy-sso", "process", "brief", "missing", "refused", "expired-sso", "broken-process",
            "leaky-process", "mfa", "orphan", "no-token-file"];

    internal AwsHome Home { get; private set; } = null!;

    internal ProxyProcess Proxy { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Home = await AwsHome.StartAsync();
        var token = Home.Write("web-token", "web-identity-token");
        Home.Write(".aws/credentials", $"""
            [plain]
            aws_access_key_id = PLAIN
            aws_secret_access_key = {FakeAws.Secret}
            """);
        const string Printed =
            $$"""{"Version":1,"AccessKeyId":"KEY-process","SecretAccessKey":"{{FakeAws.Secret}}","SessionToken":"token-of-process"}""";
        Home.Write(".aws/config", $$$"""
            [profile role]
            role_arn = arn:aws:iam::1:role/reader
            source_profile = plain
            external_id = the-external-id
            region = eu-central-1
            [profile chained]
            role_arn = arn:aws:iam::2:role/second
            source_profile = role
            [profile web]
            role_arn = arn:aws:iam::1:role/web
            web_identity_token_file = {{{token}}}
            [sso-session company]
            sso_region = eu-west-1
            sso_start_url = https://company.example/start
            [profile sso]
            sso_session = company
            sso_account_id = 111122223333
            sso_role_name = signed-in
            [profile legacy-sso]
            sso_start_url = https://legacy.example/start
            sso_region = eu-west-1
            sso_account_id = 111122223333
            sso_role_name = legacy
            [profile process]
            credential_process = echo '{{{Printed}}}'
            [profile brief]
            role_arn = arn:aws:iam::1:role/brief
            source_profile = plain
            [profile refused]
            role_arn = arn:aws:iam::1:role/refused
            source_profile = plain
            [profile expired-sso]
            sso_start_url = https://expired.example/start
            sso_region = eu-west-1
            sso_account_id = 111122223333
            sso_role_name = expired
            [profile broken-process]
            credential_process = echo {{{FakeAws.Secret}}} >&2; exit 7
            [profile leaky-process]
            credential_process = echo {{{FakeAws.Secret}}}
            [profile mfa]
            role_arn = arn:aws:iam::1:role/mfa
            source_profile = plain
            mfa_serial = arn:aws:iam::1:mfa/dev
            [profile orphan]
            role_arn = arn:aws:iam::1:role/orphan
            source_profile = nowhere
            [profile no-token-file]
            role_arn = arn:aws:iam::1:role/web
            web_identity_token_file = {{{Home["no-such-file"]}}}
            """);
        var (soon, later) = (DateTime.UtcNow.AddMinutes(1), DateTime.UtcNow.AddDays(1));
        Home.WriteSignIn("company", $$"""
            {"startUrl":"https://company.example/start","region":"eu-west-1","accessToken":"old-token",
             "expiresAt":"{{soon:yyyy-MM-ddTHH:mm:ssZ}}","clientId":"id","clientSecret":"secret",
             "registrationExpiresAt":"{{later:yyyy-MM-ddTHH:mm:ssZ}}","refreshToken":"refresh-token"}
            """);
        Home.WriteSignIn("https://legacy.example/start", $$"""
            {"startUrl":"https://legacy.example/start","region":"eu-west-1","accessToken":"legacy-token",
             "expiresAt":"{{later:yyyy-MM-ddTHH:mm:ssZ}}"}
            """);
        Home.WriteSignIn("https://expired.example/start", """
            {"startUrl":"https://expired.example/start","region":"eu-west-1","accessToken":"old-token","expiresAt":"2020-01-01T00:00:00Z"}
            """);
        Home.Services.LifeOf = static role => role == "brief" ? TimeSpan.FromSeconds(8) : TimeSpan.FromHours(1);
        var settings = new List<(string, string)> { ("S3_OVERLAY_REMOTES", string.Join(',', Names)) };
        foreach (var name in Names)
        {
            var start = $"S3_OVERLAY_REMOTE_{name.ToUpperInvariant().Replace('-', '_')}_";
            settings.AddRange([(start + "ENDPOINT", Home.Remote.Endpoint.ToString()), (start + "BACKS", name), (start + "PROFILE", name)]);
        }

        Proxy = await Home.StartProxyAsync([.. settings]);
    }

    public async Task DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Home.DisposeAsync();
    }
}
