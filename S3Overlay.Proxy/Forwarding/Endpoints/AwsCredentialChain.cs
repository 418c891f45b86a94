using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.Runtime.Credentials;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>
/// The standard AWS chain: environment, profiles, web identity, container and instance roles; or one named profile. Temporary keys are renewed by the SDK before they expire.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html</remarks>
/// <param name="profile">The profile; null for the chain.</param>
/// <param name="settings">The settings of the remote, to be named where there are no credentials.</param>
internal sealed class AwsCredentialChain(string? profile, RemoteSettings settings) : ICredentialSource
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private AWSCredentials? _resolved;

    /// <inheritdoc/>
    public async ValueTask<SigningCredentials?> GetAsync(CancellationToken cancellationToken)
    {
        var source = _resolved ?? await ResolveAsync(cancellationToken);
        ImmutableCredentials keys;
        try
        {
            keys = await source.GetCredentialsAsync();
        }
        catch (AmazonClientException failure)
        {
            throw new InvalidOperationException("The credentials for the remote could not be had: " + failure.Message, failure);
        }

        return new SigningCredentials(keys.AccessKey, keys.SecretKey, keys.Token);
    }

    private async ValueTask<AWSCredentials> ResolveAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            // Looking for an instance role asks the network and blocks while it does; once, and not on a socket's thread.
            return _resolved ??= await Task.Run(Resolve, cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    private AWSCredentials Resolve()
    {
        try
        {
            if (profile is null)
            {
                return DefaultAWSCredentialsIdentityResolver.GetCredentials();
            }

            return new CredentialProfileStoreChain().TryGetAWSCredentials(profile, out var credentials)
                ? credentials
                : throw new InvalidOperationException($"There is no AWS profile '{profile}' with credentials. Check {settings.Profile.Name} and the AWS configuration files.");
        }
        catch (AmazonClientException failure)
        {
            throw new InvalidOperationException(
                $"No credentials for the remote were found in the standard AWS places. Set {settings.AccessKeyId.Name} and {settings.SecretAccessKey.Name}, or {settings.Anonymous.Name}=true.", failure);
        }
    }
}
