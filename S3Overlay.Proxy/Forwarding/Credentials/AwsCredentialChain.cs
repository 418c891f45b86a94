using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.Credentials;

/// <summary>
/// The standard AWS chain, or one named profile. The first place that is configured decides: if it fails, that is an error, and no later
/// place is tried. The order is that of AWS's SDK for .NET: environment, web identity, profile, container, instance.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html</remarks>
/// <param name="region">The remote's region, for STS where neither the environment nor the profile names one; null for none.</param>
/// <param name="settings">The remote's settings, for messages.</param>
internal sealed class AwsCredentialChain(string? profile, string? region, RemoteSettings settings)
{
    private const string Default = "default";
    private static readonly Lock RegionGate = new();

    private static readonly string[] ContainerVariables = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];

    /// <summary>The place that was asked last, or will be.</summary>
    public string Source { get; private set; } = profile is null ? "the standard AWS chain"
        : NameOf(profile, settings.NameOf(Settings.RemoteProfile));

    /// <summary>Obtains keys. Reads files anew each time and bypasses the SDK's cache.</summary>
    public Task<ObtainedKeys> ObtainAsync() => Task.Run(async () =>
    {
        var origin = new CredentialOrigin(
            Source, $"Check {SharedCredentialsFile.DefaultConfigFilePath} and {SharedCredentialsFile.DefaultFilePath}.", static () =>
            new AnonymousAWSCredentials());
        try
        {
            origin = profile is null ? Find() : OfProfile(profile, settings.NameOf(Settings.RemoteProfile));
            Source = origin.Name;
            ChooseRegion([origin.Region, region]);
            return await ReadAsync(origin.Open());
        }
        catch (Exception failure) when (failure is not CredentialsException)
        {
            throw origin.Failed(failure);
        }
    });

    private static async Task<ObtainedKeys> ReadAsync(AWSCredentials source)
    {
        var keys = await source.GetCredentialsAsync();

        // The SDK subtracts a margin from the expiry; keys here are renewed earlier in any case.
        var expires = source is RefreshingAWSCredentials refreshing ? refreshing.Expiration + refreshing.ExpirationBuffer
            : source.Expiration;
        return new(new SigningCredentials(keys.AccessKey, keys.SecretKey, keys.Token is { Length: > 0 } token ? token : null),
            expires is { } at ? At(at) : null);
    }

    private static DateTimeOffset At(DateTime expires) => expires >= DateTime.MaxValue.AddDays(-1) ? DateTimeOffset.MaxValue
        : new(expires.ToUniversalTime());

    private CredentialOrigin Find()
    {
        if (Has("AWS_ACCESS_KEY_ID") && Has("AWS_SECRET_ACCESS_KEY"))
        {
            return new("the environment (AWS_ACCESS_KEY_ID)", "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
                static () => new EnvironmentVariablesAWSCredentials());
        }

        if (Has("AWS_WEB_IDENTITY_TOKEN_FILE") && Has("AWS_ROLE_ARN"))
        {
            RequireTokenFile(Environment.GetEnvironmentVariable("AWS_WEB_IDENTITY_TOKEN_FILE")!, "AWS_WEB_IDENTITY_TOKEN_FILE");
            return new("the web identity of AWS_WEB_IDENTITY_TOKEN_FILE",
                "Check AWS_ROLE_ARN, and that the role's trust policy names the issuer and subject of the token.",
                AssumeRoleWithWebIdentityCredentials.FromEnvironmentVariables);
        }

        if (Has("AWS_PROFILE"))
        {
            return OfProfile(Environment.GetEnvironmentVariable("AWS_PROFILE")!, "AWS_PROFILE");
        }

        if (new CredentialProfileStoreChain().TryGetProfile(Default, out var standard) && standard.CanCreateAWSCredentials)
        {
            return OfProfile(Default, null);
        }

        if (Array.Find(ContainerVariables, Has) is { } container)
        {
            return new($"the container credentials of {container}",
                $"Check {container}, the authorization token beside it, and the role of the task or pod.", static () =>
                new GenericContainerCredentials());
        }

        var remedy = $"Set {settings.NameOf(Settings.RemoteProfile)}, or {settings.NameOf(Settings.RemoteAccessKeyId)} and "
            + $"{settings.NameOf(Settings.RemoteSecretAccessKey)}, or {settings.NameOf(Settings.RemoteAnonymous)}=true for public data.";
        return Environment.GetEnvironmentVariable("AWS_EC2_METADATA_DISABLED") is { } isOff
            && isOff.Equals("true", StringComparison.OrdinalIgnoreCase)
            ? throw new CredentialsException("No place of the standard AWS chain is set up to give credentials for the remote.", remedy)
            : new("the instance metadata service, the last place of the standard AWS chain", remedy,
                static () => new InstanceProfileAWSCredentials());
    }

    private static CredentialOrigin OfProfile(string name, string? setting)
    {
        var called = NameOf(name, setting);
        var store = new CredentialProfileStoreChain();
        if (!store.TryGetProfile(name, out var found))
        {
            throw new CredentialsException($"There is no AWS profile '{name}'{(setting is null ? "" : $" ({setting})")}.",
                $"Add it to {SharedCredentialsFile.DefaultConfigFilePath} or {SharedCredentialsFile.DefaultFilePath}, "
                + $"or correct {setting}.");
        }

        var profiles = ChainOf(found, store);
        foreach (var each in profiles)
        {
            if (each.Options.MfaSerial is { Length: > 0 })
            {
                throw new CredentialsException($"A server cannot use {called}: '{each.Name}' asks for an MFA code (mfa_serial).",
                    "Use a profile without mfa_serial, such as one with SSO or credential_process.");
            }

            if (each.Options.WebIdentityTokenFile is { Length: > 0 } file)
            {
                RequireTokenFile(file, $"web_identity_token_file of the AWS profile '{each.Name}'");
            }
        }

        return new(called, $"Check the profile in {SharedCredentialsFile.DefaultConfigFilePath}.",
            () => AWSCredentialsFactory.GetAWSCredentials(found, found.CredentialProfileStore)) { Profiles = profiles };
    }

    /// <summary>A profile and its source profiles, each once.</summary>
    private static List<CredentialProfile> ChainOf(CredentialProfile first, CredentialProfileStoreChain store)
    {
        var chain = new List<CredentialProfile> { first };
        while (chain[^1].Options.SourceProfile is { Length: > 0 } source && chain.TrueForAll(each => each.Name != source)
            && store.TryGetProfile(source, out var next))
        {
            chain.Add(next);
        }

        return chain;
    }

    /// <summary>The SDK waits seconds for a missing file and then does not name it.</summary>
    private static void RequireTokenFile(string file, string setting)
    {
        if (!File.Exists(file))
        {
            throw new CredentialsException($"The web identity token file {file} does not exist.", $"Correct {setting}.");
        }
    }

    private static string NameOf(string name, string? setting) => $"the AWS profile '{name}'{(setting is null ? "" : $" ({setting})")}";

    private static bool Has(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 };

    /// <summary>
    /// Sets the region in which STS is asked once for the process, where the SDK keeps it: AWS_REGION, else the profile's, else the
    /// remote's, else us-east-1. Without one, the SDK asks the instance metadata service, which takes seconds to fail outside AWS.
    /// </summary>
    private static void ChooseRegion(string?[] candidates)
    {
        lock (RegionGate)
        {
            if (AWSConfigs.AWSRegion is { Length: > 0 } || Has("AWS_REGION"))
            {
                return;
            }

            AWSConfigs.AWSRegion =
                Array.Find(candidates, name => RegionEndpoint.EnumerableAllRegions.Any(known => known.SystemName == name))
                ?? RegionEndpoint.USEast1.SystemName;
        }
    }
}
