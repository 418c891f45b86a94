using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Forwarding.Endpoints;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>An endpoint as findings name it, with the names of the settings that say what it is.</summary>
internal sealed record CheckedEndpoint
{
    /// <summary>What it is to people: <c>remote</c>, <c>remote images</c>, <c>local store</c>.</summary>
    public required string Role { get; init; }

    /// <summary>Scheme, host and port.</summary>
    public required string Name { get; init; }

    /// <summary>The setting that says where it is.</summary>
    public required string EndpointSetting { get; init; }

    /// <summary>The setting that says which credentials to use.</summary>
    public required string KeySetting { get; init; }

    /// <summary>The setting of the secret key.</summary>
    public required string SecretSetting { get; init; }

    /// <summary>The setting of the session token.</summary>
    public required string TokenSetting { get; init; }

    /// <summary>The setting of trusted authorities; null where there is none for it.</summary>
    public string? AuthoritiesSetting { get; init; }

    /// <summary>The access key, shortened; null where it is not in the settings.</summary>
    public string? AccessKey { get; init; }

    /// <summary>A remote.</summary>
    public static CheckedEndpoint Of(RemoteOptions remote, EndpointSettings endpoint)
    {
        var (settings, origin) = (remote.Settings, remote.KeysOrigin);
        var areOwn = origin == settings.NameOf(Settings.RemoteAccessKeyId);
        return new()
        {
            Role = remote.Role,
            Name = endpoint.Name,
            EndpointSetting = remote.EndpointOrigin,
            KeySetting = origin,
            SecretSetting = areOwn ? settings.NameOf(Settings.RemoteSecretAccessKey) : origin,
            TokenSetting = areOwn ? settings.NameOf(Settings.RemoteSessionToken) : origin,
            AuthoritiesSetting = settings.NameOf(Settings.RemoteCaFile),
            AccessKey = Shortened(remote.AccessKeyId),
        };
    }

    /// <summary>An S3 endpoint as local.</summary>
    public static CheckedEndpoint Of(LocalOptions local, EndpointSettings endpoint) => new()
    {
        Role = endpoint.Role,
        Name = endpoint.Name,
        EndpointSetting = Settings.LocalEndpoint.Name,
        KeySetting = local.KeysOrigin == "the default" ? Settings.LocalAccessKey.Name : local.KeysOrigin,
        SecretSetting = local.KeysOrigin == Settings.LocalAccessKey.Name ? Settings.LocalSecretKey.Name : local.KeysOrigin,
        TokenSetting = Settings.LocalSessionToken.Name,
        AccessKey = Shortened(local.AccessKey),
    };

    /// <summary>An access key for display (rule A4): enough to recognize it.</summary>
    public static string? Shortened(string? key) => key is null or LocalOptions.DefaultKey ? key
        : key.Length < 12 ? $"{key[..Math.Min(2, key.Length)]}..."
        : $"{key[..4]}...{key[^4..]}";
}
