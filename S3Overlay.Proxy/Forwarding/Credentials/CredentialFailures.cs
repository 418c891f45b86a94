using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;

using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.SecurityToken;
using Amazon.SSO;
using Amazon.SSOOIDC;

namespace S3Overlay.Proxy.Forwarding.Credentials;

/// <summary>
/// Says in plain English why a place gave no credentials, and what to do. Of what the SDK threw only the code and message of a service's
/// refusal, the reason of a failed connection and the exit code of a program are repeated: the rest, such as what a program printed, may
/// hold secrets.
/// </summary>
internal static partial class CredentialFailures
{
    private const int LongestMessage = 300;

    /// <summary>The failure of a place.</summary>
    public static CredentialsException Of(CredentialOrigin origin, Exception failure)
    {
        var causes = CausesOf(failure).ToList();
        if (causes.OfType<ProcessAWSCredentialException>().FirstOrDefault() is { } program)
        {
            return OfProgram(origin, program);
        }

        if (causes.OfType<AmazonServiceException>().FirstOrDefault(static cause => cause.ErrorCode is { Length: > 0 }) is { } refusal)
        {
            return OfRefusal(origin, refusal);
        }

        if (causes.Find(static cause => cause is SocketException or HttpRequestException or TaskCanceledException) is { } connection)
        {
            var reason = connection is TaskCanceledException ? "did not answer in time"
                : $"could not be reached: {OneLine(connection.Message)}";
            return new($"{Start(origin)}: a service it needs {reason}.", origin.Remedy, failure);
        }

        if (SsoOf(origin) is { } sso && causes.Exists(static cause => cause.Message.Contains("SSO", StringComparison.Ordinal)))
        {
            return NotSignedIn(origin, sso);
        }

        return causes.OfType<InvalidDataException>().LastOrDefault() is { } invalid
            ? new($"{Start(origin)}: {OneLine(invalid.Message)}", origin.Remedy, failure)
            : new($"{Start(origin)}.", origin.Remedy, failure);
    }

    private static string Start(CredentialOrigin origin) => $"No credentials came from {origin.Name}";

    private static CredentialsException OfProgram(CredentialOrigin origin, ProcessAWSCredentialException failure)
    {
        var how = ExitCode().Match(failure.Message) is { Success: true } match
            ? $"its credential_process ended with exit code {match.Groups[1].Value}"
            : "its credential_process did not print credentials as AWS defines them";
        return new($"{Start(origin)}: {how}.", "Run the command of credential_process by hand, as the user the proxy runs as.");
    }

    private static CredentialsException OfRefusal(CredentialOrigin origin, AmazonServiceException refusal)
    {
        if (refusal is AmazonSSOOIDCException or AmazonSSOException { ErrorCode: "UnauthorizedException" } && SsoOf(origin) is { } sso)
        {
            return NotSignedIn(origin, sso);
        }

        var (service, remedy) = refusal switch
        {
            AmazonSSOException => ("SSO", "Check sso_account_id and sso_role_name of the profile."),
            AmazonSecurityTokenServiceException when origin.Profiles.Count > 0 =>
                ("STS", "Check role_arn, external_id and source_profile of the profile, and the role's trust policy."),
            AmazonSecurityTokenServiceException => ("STS", origin.Remedy),
            _ => ("the service", origin.Remedy),
        };
        return new($"{Start(origin)}: {service} answered {OneLine($"{refusal.ErrorCode}: {refusal.Message}").TrimEnd('.', ':', ' ')}.",
            remedy, refusal);
    }

    private static CredentialsException NotSignedIn(CredentialOrigin origin, CredentialProfile sso) =>
        new($"{Start(origin)}: its SSO sign-in is missing or has expired.", $"Run: aws sso login --profile {sso.Name}");

    private static CredentialProfile? SsoOf(CredentialOrigin origin) =>
        origin.Profiles.FirstOrDefault(static profile => profile.Options is { SsoSession.Length: > 0 } or { SsoStartUrl.Length: > 0 });

    private static IEnumerable<Exception> CausesOf(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }

    /// <summary>A message as part of a line of the log.</summary>
    private static string OneLine(string message)
    {
        var line = string.Concat(message.Select(static character => char.IsControl(character) ? ' ' : character));
        return line.Length <= LongestMessage ? line : string.Create(CultureInfo.InvariantCulture, $"{line[..LongestMessage]}...");
    }

    [GeneratedRegex(@"exit value (-?\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex ExitCode();
}
