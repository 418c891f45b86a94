using System.Globalization;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Remotes;
using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>What may come of any question to an endpoint: no answer, refused credentials, trouble of its own.</summary>
internal static class EndpointFindings
{
    /// <summary>Larger clock differences are reported. S3 refuses signatures that are 15 minutes off.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <summary>What is wrong with the endpoint, whatever was asked of it; null where it answers and accepts who asks.</summary>
    public static Finding? Of(EndpointReply reply, CheckedEndpoint endpoint)
    {
        return reply switch
        {
            { Unreachable: { } reason } => Failed(reason.Text, RemedyOf(reason.Reason, endpoint), endpoint.EndpointSetting),
            { Failure: { Failure: RemoteFailure.BadCredentials } refused } => OfCredentials(refused, reply, endpoint),
            { Status: 508 } => Failed($"{endpoint.Name} is this proxy itself, or leads back to it.",
                $"Set {endpoint.EndpointSetting} to the store.", endpoint.EndpointSetting),
            { Status: 429 or >= 500 and not 501 } => Failed(
                $"{endpoint.Name} answers {Answer(reply)}.", $"See what ails it, or correct {endpoint.EndpointSetting}.",
                endpoint.EndpointSetting),
            { Status: 0, Failure: { } broken } =>
                Failed(broken.Message, $"See what ails it, or correct {endpoint.EndpointSetting}.", endpoint.EndpointSetting),
            _ => null,
        };

        Finding Failed(string message, string? remedy, string setting) =>
            new(endpoint.Role, Verdict.Failed, message, remedy) { Setting = setting };
    }

    /// <summary>The same of a request that failed, in one line.</summary>
    public static string Of(RemoteException failure, EndpointSettings settings, CheckedEndpoint endpoint)
    {
        var reason = failure.InnerException is { } cause ? Unreachable.Of(cause, settings, EndpointQuestions.Timeout) : null;
        return Of(new EndpointReply { Unreachable = reason, Failure = failure, Status = failure.Status }, endpoint)?.ToString()
            ?? failure.Message;
    }

    /// <summary>An answer's status and code: <c>403 AccessDenied</c>.</summary>
    public static string Answer(EndpointReply reply) => $"{reply.Status} {reply.Failure?.Code}".TrimEnd();

    /// <summary>How far two clocks are apart, for people.</summary>
    public static string Difference(TimeSpan ahead) => ahead.Duration() is var apart && apart < TimeSpan.FromSeconds(2)
        ? "less than 2 seconds"
        : apart < TimeSpan.FromMinutes(2) ? string.Create(CultureInfo.InvariantCulture, $"{apart.TotalSeconds:0} seconds")
        : string.Create(CultureInfo.InvariantCulture, $"{apart.TotalMinutes:0} minutes");

    private static Finding OfCredentials(RemoteException refused, EndpointReply reply, CheckedEndpoint endpoint)
    {
        var key = endpoint.AccessKey is { } shown ? $"the access key {shown}" : "the access key";
        var (message, remedy, setting) = refused.Code switch
        {
            // Nothing was sent: what failed to give credentials has said why, and what to do.
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
                $"Set this machine's clock ({endpoint.EndpointSetting} is judged by it).", endpoint.EndpointSetting),
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
        UnreachableReason.NoAnswer => $"See what ails it, or correct {endpoint.EndpointSetting}.",
        _ => $"See whether a firewall is in between, or correct the host in {endpoint.EndpointSetting}.",
    };
}
