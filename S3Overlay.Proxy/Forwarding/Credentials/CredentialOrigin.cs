using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;

namespace S3Overlay.Proxy.Forwarding.Credentials;

/// <summary>One of the places that AWS credentials come from.</summary>
/// <param name="Name">What to call it in a sentence, such as <c>the AWS profile 'team' (AWS_PROFILE)</c>.</param>
/// <param name="Remedy">What to do where it gives none and nothing else is known of why.</param>
/// <param name="Open">Opens it; may block, and may throw anything.</param>
internal sealed record CredentialOrigin(string Name, string Remedy, Func<AWSCredentials> Open)
{
    /// <summary>The profile, and behind it those that it has its own credentials from; empty where it is no profile.</summary>
    public IReadOnlyList<CredentialProfile> Profiles { get; init; } = [];

    /// <summary>A region that it names, which STS is then asked in; null for none.</summary>
    public string? Region => Profiles.Select(profile => profile.Region?.SystemName).FirstOrDefault(static name => name is not null);
}
