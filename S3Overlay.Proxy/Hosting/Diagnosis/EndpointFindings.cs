using System.Globalization;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Remotes;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>What can go wrong with any request to an endpoint: no response, refused credentials, its own failures.</summary>
internal static class EndpointFindings
{
    /// <summary>Larger clock differences are reported. S3 refuses signatures that are 15 minutes off.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <summary>What is wrong with the endpoint, whatever the request was; null if it responds and accepts the credentials.</summary>
    public static Finding? Of(EndpointReply reply, CheckedEndpoint endpoint)
    {
        return reply switch
        {
            { Unreachable: { } reason } => Failed(reason.Text, RemedyOf(reason.Reason, endpoint), endpoint.EndpointSetting),
            { Failure: { Failure: RemoteFailure.BadCredentials } refused } => OfCredentials(refused, reply, endpoint),
            { Status: 508 } => Failed($"{endpoint.Name} is this proxy itself, or leads back to it.",
                $"Set {endpoint.EndpointSetting} to the store.", endpoint.EndpointSetting),
            { Status: 429 or >= 500 and not 501 } => Failed(
                $"{endpoint.Name} answers {Answer(reply)}.", $"Check that store, or correct {endpoint.EndpointSetting}.",
                endpoint.EndpointSetting),
            { Status: 0, Failure: { } broken } =>
                Failed(broken.Message, $"Check that store, or correct {endpoint.EndpointSetting}.", endpoint.EndpointSetting),
            _ => null,
        };

        Finding Failed(string message, string? remedy, string setting) =>
            new(endpoint.Role, Verdict.Failed, message, remedy) { Setting = setting };
    }

    /// <summary>Waits for a request of the local layer. If it failed, says why and what to do.</summary>
    /// <exception cref="RemoteException">It failed.</exception>
    public static async Task ExplainAsync(Task request, EndpointSettings settings, CheckedEndpoint endpoint)
    {
        try
        {
            await request;
        }
        catch (S3Exception failed) when (failed.InnerException is RemoteException failure)
        {
            var reason = failure.InnerException is { } cause ? Unreachable.Of(cause, settings, EndpointRequests.Timeout) : null;
            var reply = new EndpointReply { Unreachable = reason, Failure = failure, Status = failure.Status };
            throw new RemoteException(failure.Failure, Of(reply, endpoint)?.ToString() ?? failure.Message, failure);
        }
    }

    /// <summary>A response's status and code: <c>403 AccessDenied</c>.</summary>
    public static string Answer(EndpointReply reply) => $"{reply.Status} {reply.Failure?.Code}".TrimEnd();

    /// <summary>The difference of two clocks, in words.</summary>
    public static string Difference(TimeSpan ahead) => ahead.Duration() is var apart && apart < TimeSpan.FromSeconds(2)
        ? "less than 2 seconds"
        : apart < TimeSpan.FromMinutes(2) ? string.Create(CultureInfo.InvariantCulture, $"{apart.TotalSeconds:0} seconds")
        : string.Create(CultureInfo.InvariantCulture, $"{apart.TotalMinutes:0} minutes");

    private static Finding OfCredentials(RemoteException refused, EndpointReply reply, CheckedEndpoint endpoint)
    {
        var key = endpoint.AccessKey is { } shown ? $"the access key {shown}" : "the access key";
        var (message, remedy, setting) = refused.Code switch
        {
            // Nothing was sent. The credential chain's own message says why, and what to do.
            "" when refused.Status == 0 => (
                refused.Message, refused.Message.Contains("S3_OVERLAY_", StringComparison.Ordinal) ? null
                    : $"{endpoint.KeySetting} says where they come from.", endpoint.KeySetting),
            "InvalidAccessKeyId" => ($"{endpoint.Name} does not know {key}.", $"Correct {endpoint.KeySetting}.", endpoint.KeySetting),
            "SignatureDoesNotMatch" =>
                ($"{endpoint.Name} does not accept what is signed with {key}: the secret key is not the one that belongs to it.",
                $"Correct {endpoint.SecretSetting}.", endpoint.SecretSetting),
            "ExpiredToken" or "TokenRefreshRequired" or "InvalidToken" => (
                $"{endpoint.Name} does not accept the session token any more ({refused.Code}).",
                $"Get new temporary keys for {endpoint.TokenSetting}.", endpoint.TokenSetting),
            "RequestTimeTooSkewed" or "RequestExpired" => (
                $"The clocks of {endpoint.Name} and of this machine differ{(reply.Ahead is { } ahead ? $" by {Difference(ahead)}" : "")}.",
                $"Set this machine's clock, best by NTP: {endpoint.EndpointSetting} refuses signatures that are 15 minutes off.",
                endpoint.EndpointSetting),
            _ => ($"{endpoint.Name} refuses {key} ({refused.Code}).", $"Correct {endpoint.KeySetting}.", endpoint.KeySetting),
        };
        return new(endpoint.Role, Verdict.Failed, message, remedy) { Setting = setting };
    }

    private static string RemedyOf(UnreachableReason reason, CheckedEndpoint endpoint) => reason switch
    {
        UnreachableReason.UnknownHost => $"Correct the host in {endpoint.EndpointSetting}.",
        UnreachableReason.Refused => $"Start it, or correct the port in {endpoint.EndpointSetting}.",
        UnreachableReason.NoTls => endpoint.AuthoritiesSetting is { } authorities
            ? $"Add its certificate authority to {authorities}, or correct {endpoint.EndpointSetting}: https:// may have to be http://."
            : $"Correct {endpoint.EndpointSetting}: https:// may have to be http://.",
        UnreachableReason.NoHttp or UnreachableReason.CutOff =>
            $"Correct {endpoint.EndpointSetting}: http:// may have to be https://, or the port is another program's.",
        UnreachableReason.NoAnswer => $"Check that store, or correct {endpoint.EndpointSetting}.",
        _ => $"Check for a firewall in between, or correct the host in {endpoint.EndpointSetting}.",
    };
}

/// <summary>An endpoint as findings show it, with the names of its settings.</summary>
/// <param name="Role">What people call it: <c>remote</c>, <c>remote images</c>, <c>local store</c>.</param>
/// <param name="Name">Scheme, host and port.</param>
/// <param name="AccessKey">The access key, shortened; null if it is not in the settings.</param>
/// <param name="EndpointSetting">The setting of its URL.</param>
/// <param name="KeySetting">The setting that says which credentials to use.</param>
/// <param name="SecretSetting">The setting of the secret key.</param>
/// <param name="TokenSetting">The setting of the session token.</param>
/// <param name="AuthoritiesSetting">The setting of trusted authorities; null if there is none for it.</param>
internal sealed record CheckedEndpoint(string Role, string Name, string? AccessKey, string EndpointSetting, string KeySetting,
    string SecretSetting, string TokenSetting, string? AuthoritiesSetting)
{
    public static CheckedEndpoint Of(RemoteOptions remote, EndpointSettings endpoint)
    {
        var (settings, origin) = (remote.Settings, remote.KeysOrigin);
        var areOwn = origin == settings.NameOf(Settings.RemoteAccessKeyId);
        return new(remote.Role, endpoint.Name, Shortened(remote.AccessKeyId), remote.EndpointOrigin, origin,
            areOwn ? settings.NameOf(Settings.RemoteSecretAccessKey) : origin,
            areOwn ? settings.NameOf(Settings.RemoteSessionToken) : origin,
            settings.NameOf(Settings.RemoteCaFile));
    }

    public static CheckedEndpoint Of(LocalOptions local, EndpointSettings endpoint) => new(
        endpoint.Role, endpoint.Name, Shortened(local.AccessKey), Settings.LocalEndpoint.Name,
        local.KeysOrigin == "the default" ? Settings.LocalAccessKey.Name : local.KeysOrigin,
        local.KeysOrigin == Settings.LocalAccessKey.Name ? Settings.LocalSecretKey.Name : local.KeysOrigin,
        Settings.LocalSessionToken.Name, null);

    /// <summary>An access key for display (rule A4): enough to recognize it.</summary>
    public static string? Shortened(string? key) => key is null or LocalOptions.DefaultKey ? key
        : key.Length < 12 ? $"{key[..Math.Min(2, key.Length)]}..."
        : $"{key[..4]}...{key[^4..]}";
}
