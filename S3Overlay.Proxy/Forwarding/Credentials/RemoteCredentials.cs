using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.Credentials;

/// <summary>The credentials of a remote: keys from the settings, none at all, an AWS profile, or the standard AWS chain.</summary>
public static class RemoteCredentials
{
    /// <summary>The source that a remote's requests are signed from.</summary>
    /// <param name="remote">The remote.</param>
    /// <param name="time">The clock by which keys expire.</param>
    /// <param name="notRenewed">Hears, once for each reason, why keys in use could not be renewed.</param>
    internal static CredentialSource SourceOf(RemoteOptions remote, TimeProvider time, Action<string>? notRenewed = null) =>
        IsFixed(remote) ? Fixed(FixedKeysOf(remote)) : new RenewedCredentials(Chain(remote).ObtainAsync, time, notRenewed).GetAsync;

    private static CredentialSource Fixed(SigningCredentials? keys) => _ => new(keys);

    /// <summary>Obtains a remote's credentials once, as its first request would. Sends nothing to the remote itself.</summary>
    /// <param name="remote">The remote.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What was found; a failure is in it, not thrown.</returns>
    public static async Task<CredentialCheck> CheckAsync(RemoteOptions remote, CancellationToken cancellationToken)
    {
        if (IsFixed(remote))
        {
            return new(remote.IsAnonymous ? $"no signature ({remote.Settings.NameOf(Settings.RemoteAnonymous)})"
                : remote.Settings.NameOf(Settings.RemoteAccessKeyId), FixedKeysOf(remote)?.AccessKey, null, null, null);
        }

        var chain = Chain(remote);
        try
        {
            var obtained = await chain.ObtainAsync().WaitAsync(RenewedCredentials.Limit, cancellationToken);
            return new(chain.Source, obtained.Keys.AccessKey, obtained.Expires == DateTimeOffset.MaxValue ? null
                : obtained.Expires, null, null);
        }
        catch (TimeoutException)
        {
            return Failed(RenewedCredentials.TookTooLong());
        }
        catch (CredentialsException failure)
        {
            return Failed(failure);
        }

        CredentialCheck Failed(CredentialsException failure) => new(chain.Source, null, null, failure.Problem, failure.Remedy);
    }

    private static bool IsFixed(RemoteOptions remote) => remote is { IsAnonymous: true } or
        { AccessKeyId: not null, SecretAccessKey: not null };

    private static SigningCredentials? FixedKeysOf(RemoteOptions remote) =>
        remote.IsAnonymous ? null : new SigningCredentials(remote.AccessKeyId!, remote.SecretAccessKey!, remote.SessionToken);

    private static AwsCredentialChain Chain(RemoteOptions remote) => new(remote.Profile, remote.Region, remote.Settings);
}

/// <summary>
/// Whether a remote's credentials can be obtained, as <see cref="RemoteCredentials.CheckAsync"/> found out. Holds no secret.
/// </summary>
/// <param name="Source">Where they come from, such as <c>the AWS profile 'team' (S3_OVERLAY_REMOTE_PROFILE)</c>.</param>
/// <param name="AccessKeyId">The access key id, which is no secret; null without credentials, and for a remote that is read without a
/// signature.</param>
/// <param name="Expires">When they expire; null for never, and where the source does not say.</param>
/// <param name="Problem">What went wrong, as a sentence; null where all is well.</param>
/// <param name="Remedy">What to do about it, as a sentence; null where all is well.</param>
public sealed record CredentialCheck(string Source, string? AccessKeyId, DateTimeOffset? Expires, string? Problem, string? Remedy);
