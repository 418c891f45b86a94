using System.Globalization;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Forwarding.Credentials;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Remotes;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>
/// Whether a remote's credentials can be obtained, and whose they are. AWS names the account; for other stores only the access key is
/// known.
/// </summary>
/// <param name="remote">The remote.</param>
/// <param name="time">The clock.</param>
internal sealed class CredentialsCheck(RemoteChecks remote, TimeProvider time) : ICheck
{
    private string Setting => remote.Name.KeySetting;

    /// <inheritdoc/>
    public async Task<Finding> RunAsync(CancellationToken cancellationToken)
    {
        var found = await RemoteCredentials.CheckAsync(remote.Options, cancellationToken);
        if (found.Problem is { } problem)
        {
            return Found(Verdict.Failed, problem, found.Remedy);
        }

        if (found.AccessKeyId is not { } key)
        {
            return Found(Verdict.Passed, $"{remote.Name.Name} is asked without a signature ({Setting}).");
        }

        var source = found.Source == remote.Options.Settings.NameOf(Settings.RemoteAccessKeyId) ? Setting : found.Source;
        var until = found.Expires is { } expires
            ? string.Create(CultureInfo.InvariantCulture, $", good until {expires.UtcDateTime:yyyy-MM-dd HH:mm} UTC") : "";
        var shown = $"the access key {CheckedEndpoint.Shortened(key)} of {source}{until}";
        var settings = remote.Questions.Settings;
        return AwsHosts.IsOne(settings.Address.Host)
            ? await AskAwsAsync(settings, shown, cancellationToken)
            : Found(Verdict.Passed, $"{remote.Name.Name} is asked with {shown}.");
    }

    private async Task<Finding> AskAwsAsync(EndpointSettings settings, string shown, CancellationToken cancellationToken)
    {
        var keys = await remote.Credentials.GetAsync(cancellationToken);
        return await CallerIdentity.AskAsync(settings, keys!, time, EndpointQuestions.Timeout, cancellationToken) switch
        {
            { Arn: { } arn } => Found(Verdict.Passed, $"AWS knows {shown}: it is {arn}."),
            { IsRefused: true, Code: var code } =>
                Found(Verdict.Failed, $"AWS does not accept {shown}: {code}.", $"Correct {Setting}, or get new temporary keys."),
            { Code: var code } =>
                Found(Verdict.Undecided, $"{remote.Name.Name} is asked with {shown}. Whose it is, AWS did not say: {code}.",
                "Nothing has to be done, unless a check below fails."),
        };
    }

    private Finding Found(Verdict verdict, string message, string? remedy = null) =>
        new($"{remote.Name.Role} credentials", verdict, message, remedy) { Setting = Setting };
}
