using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.Runtime.Credentials;

using S3Overlay.Promote.Wire;

namespace S3Overlay.Promote.Stores;

/// <summary>
/// Write credentials of an AWS profile, or of the standard AWS chain. Never those with which the proxy reads. The SDK renews what expires.
/// </summary>
internal sealed class ProfileKeys
{
    private readonly AWSCredentials _credentials;

    private ProfileKeys(AWSCredentials credentials, string name, string? region) =>
        (_credentials, Name, Region) = (credentials, name, region);

    /// <summary>Where the keys are from, in words.</summary>
    public string Name { get; }

    /// <summary>The profile's region; null for none.</summary>
    public string? Region { get; }

    /// <summary>Finds the credentials for a remote.</summary>
    /// <exception cref="PromoteException">There are none.</exception>
    public static ProfileKeys Of(PromoteOptions options, string remote)
    {
        var profile = options.Profiles.GetValueOrDefault(remote) ?? options.Profile;
        if (profile is null && options.Profiles.Count > 0)
        {
            throw new PromoteException(
                $"No credentials are given for the remote {(remote.Length == 0 ? "without a name" : remote)}.",
                remote.Length == 0 ? "--profile PROFILE" : $"--to {remote}=PROFILE");
        }

        try
        {
            return profile is null
                ? new(DefaultAWSCredentialsIdentityResolver.GetCredentials(), "the standard AWS chain",
                    Environment.GetEnvironmentVariable("AWS_REGION") ?? Environment.GetEnvironmentVariable("AWS_DEFAULT_REGION"))
                : OfProfile(profile);
        }
        catch (AmazonClientException missing)
        {
            throw new PromoteException($"There are no AWS credentials to write with: {missing.Message}", "--profile NAME");
        }
    }

    /// <summary>The keys, which may be new ones each time.</summary>
    /// <exception cref="PromoteException">They cannot be obtained.</exception>
    public async Task<WireKeys> ObtainAsync()
    {
        try
        {
            var keys = await _credentials.GetCredentialsAsync();
            return new(keys.AccessKey, keys.SecretKey, keys.Token is { Length: > 0 } token ? token : null);
        }
        catch (Exception failure) when (failure is AmazonClientException or AmazonServiceException or HttpRequestException or IOException
            or InvalidOperationException)
        {
            throw new PromoteException($"{Name} has no valid credentials: {failure.Message}");
        }
    }

    private static ProfileKeys OfProfile(string name)
    {
        var store = new CredentialProfileStoreChain();
        if (!store.TryGetProfile(name, out var profile))
        {
            throw new PromoteException($"There is no AWS profile '{name}'.", "aws configure --profile " + name);
        }

        return new(AWSCredentialsFactory.GetAWSCredentials(profile, store), $"the AWS profile '{name}'",
            (profile.Region ?? FallbackRegion())?.SystemName);
    }

    private static RegionEndpoint? FallbackRegion() =>
        Environment.GetEnvironmentVariable("AWS_REGION") is { Length: > 0 } region ? RegionEndpoint.GetBySystemName(region) : null;
}
