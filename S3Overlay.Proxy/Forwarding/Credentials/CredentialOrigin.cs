using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;

using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.SSO;
using Amazon.SSOOIDC;
using Amazon.SecurityToken;

namespace S3Overlay.Proxy.Forwarding.Credentials;

/// <summary>One of the places that AWS credentials come from.</summary>
/// <param name="Name">What to call it in a sentence, such as <c>the AWS profile 'team' (AWS_PROFILE)</c>.</param>
/// <param name="Remedy">What to do where it gives none and nothing else is known of why.</param>
/// <param name="Open">Opens it; may block, and may throw anything.</param>
internal sealed partial record CredentialOrigin(string Name, string Remedy, Func<AWSCredentials> Open)
{
    private const int LongestMessage = 300;

    /// <summary>The profile, and behind it those that it has its own credentials from; empty where it is no profile.</summary>
    public IReadOnlyList<CredentialProfile> Profiles { get; init; } = [];

    /// <summary>A region that it names, which STS is then asked in; null for none.</summary>
    public string? Region => Profiles.Select(profile => profile.Region?.SystemName).FirstOrDefault(static name => name is not null);

    /// <summary>
    /// Says in plain English why it gave no credentials, and what to do. Of what the SDK threw, only the code and message of a service's
    /// refusal, the reason of a failed connection and the exit code of a program are repeated: the rest, such as what a program printed,
    /// may hold secrets.
    /// </summary>
    public CredentialsException Failed(Exception failure)
    {
        var causes = CausesOf(failure).ToList();
        if (causes.OfType<ProcessAWSCredentialException>().FirstOrDefault() is { } program)
        {
            return OfProgram(program);
        }

        if (causes.OfType<AmazonServiceException>().FirstOrDefault(static cause => cause.ErrorCode is { Length: > 0 }) is { } refusal)
        {
            return OfRefusal(refusal);
        }

        if (causes.Find(static cause => cause is SocketException or HttpRequestException or TaskCanceledException) is { } connection)
        {
            var reason = connection is TaskCanceledException ? "did not answer in time"
                : $"could not be reached: {OneLine(connection.Message)}";
            return new($"{Start}: a service it needs {reason}.", Remedy, failure);
        }

        if (Sso is { } sso && causes.Exists(static cause => cause.Message.Contains("SSO", StringComparison.Ordinal)))
        {
            return NotSignedIn(sso);
        }

        return causes.OfType<InvalidDataException>().LastOrDefault() is { } invalid
            ? new($"{Start}: {OneLine(invalid.Message)}", Remedy, failure) : new($"{Start}.", Remedy, failure);
    }

    private string Start => $"No credentials came from {Name}";

    private CredentialsException OfProgram(ProcessAWSCredentialException failure)
    {
        var how = ExitCode().Match(failure.Message) is { Success: true } match
            ? $"its credential_process ended with exit code {match.Groups[1].Value}"
            : "its credential_process did not print credentials as AWS defines them";
        return new($"{Start}: {how}.", "Run the command of credential_process by hand, as the user the proxy runs as.");
    }

    private CredentialsException OfRefusal(AmazonServiceException refusal)
    {
        if (refusal is AmazonSSOOIDCException or AmazonSSOException { ErrorCode: "UnauthorizedException" } && Sso is { } sso)
        {
            return NotSignedIn(sso);
        }

        var (service, remedy) = refusal switch
        {
            AmazonSSOException => ("SSO", "Check sso_account_id and sso_role_name of the profile."),
            AmazonSecurityTokenServiceException when Profiles.Count > 0 =>
                ("STS", "Check role_arn, external_id and source_profile of the profile, and the role's trust policy."),
            AmazonSecurityTokenServiceException => ("STS", Remedy),
            _ => ("the service", Remedy),
        };
        return new($"{Start}: {service} answered {OneLine($"{refusal.ErrorCode}: {refusal.Message}").TrimEnd('.', ':', ' ')}.",
            remedy, refusal);
    }

    private CredentialsException NotSignedIn(CredentialProfile sso) =>
        new($"{Start}: its SSO sign-in is missing or has expired.", $"Run: aws sso login --profile {sso.Name}");

    private CredentialProfile? Sso =>
        Profiles.FirstOrDefault(static profile => profile.Options is { SsoSession.Length: > 0 } or { SsoStartUrl.Length: > 0 });

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

/// <summary>No credentials. The message is for operators: it names the source and what to do, and never holds a secret.</summary>
/// <param name="problem">What went wrong, as a sentence that names the source.</param>
/// <param name="remedy">What to do about it, as a sentence.</param>
/// <param name="cause">What the source threw; null where that may hold secrets.</param>
internal sealed class CredentialsException(string problem, string remedy, Exception? cause = null)
    : InvalidOperationException($"{problem} {remedy}", cause)
{
    /// <summary>What went wrong.</summary>
    public string Problem => problem;

    /// <summary>What to do about it.</summary>
    public string Remedy => remedy;
}
