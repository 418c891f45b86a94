using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Configuration;

/// <summary>
/// The settings that say what one remote is: those of <c>S3_OVERLAY_REMOTE_*</c>, or the same under the name of a further remote.
/// </summary>
internal sealed record RemoteSettings
{
    private const string Prefix = "S3_OVERLAY_REMOTE_";

    /// <summary>Those of the remote that has no name.</summary>
    public static readonly RemoteSettings Unnamed = new()
    {
        Endpoint = Settings.RemoteEndpoint,
        Region = Settings.RemoteRegion,
        AccessKeyId = Settings.RemoteAccessKeyId,
        SecretAccessKey = Settings.RemoteSecretAccessKey,
        SessionToken = Settings.RemoteSessionToken,
        Profile = Settings.RemoteProfile,
        Anonymous = Settings.RemoteAnonymous,
        RequestPayer = Settings.RemoteRequestPayer,
        CaFile = Settings.RemoteCaFile,
        AddressingStyle = Settings.RemoteAddressingStyle,
        Store = Settings.RemoteStore,
    };

    /// <summary>Those of any further remote, as the documentation has them.</summary>
    public static readonly RemoteSettings Template = Named("<NAME>");

    /// <summary>Its URL.</summary>
    public required Setting<Uri?> Endpoint { get; init; }

    /// <summary>Its region.</summary>
    public required Setting<string?> Region { get; init; }

    /// <summary>The access key.</summary>
    public required Setting<string?> AccessKeyId { get; init; }

    /// <summary>The secret key that belongs to it.</summary>
    public required Setting<string?> SecretAccessKey { get; init; }

    /// <summary>The session token of temporary credentials.</summary>
    public required Setting<string?> SessionToken { get; init; }

    /// <summary>A named profile of the AWS configuration files.</summary>
    public required Setting<string?> Profile { get; init; }

    /// <summary>Whether requests are not signed.</summary>
    public required Setting<bool> Anonymous { get; init; }

    /// <summary>Whether to agree to pay for requests.</summary>
    public required Setting<bool> RequestPayer { get; init; }

    /// <summary>A PEM file of authorities.</summary>
    public required Setting<string?> CaFile { get; init; }

    /// <summary>How buckets are named in requests.</summary>
    public required Setting<AddressingStyle> AddressingStyle { get; init; }

    /// <summary>What make of store it is.</summary>
    public required Setting<StoreMake?> Store { get; init; }

    /// <summary>What it backs; null for the remote without a name, which has a mapping in its place.</summary>
    public Setting<BackedPlaces?>? Backs { get; init; }

    /// <summary>All of them, in the order of the documentation.</summary>
    public IReadOnlyList<Setting> All =>
        [Endpoint, .. Backs is null ? Array.Empty<Setting>() : [Backs], Region, AccessKeyId, SecretAccessKey, SessionToken, Profile,
            Anonymous, RequestPayer, CaFile, AddressingStyle, Store];

    /// <summary>Those of a further remote.</summary>
    public static RemoteSettings Named(string name)
    {
        var start = $"{Prefix}{name.ToUpperInvariant().Replace('-', '_')}_";
        return new()
        {
            Endpoint = Of(Settings.RemoteEndpoint, "The remote's URL. Unset: AWS."),
            Backs = new(
                start + "BACKS", Settings.SeveralRemotes, null,
                "What it backs: `bucket`, `bucket/prefix/`, `local:remote`, `local/prefix/:remote/other/`, or `*` for everything "
                + "that is not named. A list or a JSON object. Required.", BackedPlaces.Parse),
            Region = Of(Settings.RemoteRegion, "The remote's region."),
            AccessKeyId = Of(Settings.RemoteAccessKeyId, "The remote's access key. Unset: the standard AWS chain."),
            SecretAccessKey = Of(Settings.RemoteSecretAccessKey),
            SessionToken = Of(Settings.RemoteSessionToken),
            Profile = Of(Settings.RemoteProfile, "A profile of the AWS configuration files."),
            Anonymous = Of(Settings.RemoteAnonymous, "Send unsigned requests, for public data."),
            RequestPayer = Of(Settings.RemoteRequestPayer),
            CaFile = Of(Settings.RemoteCaFile, "A PEM file of private certificate authorities to trust for the remote."),
            AddressingStyle = Of(Settings.RemoteAddressingStyle, "As for the unnamed remote."),
            Store = Of(Settings.RemoteStore, "As for the unnamed remote."),
        };

        Setting<T> Of<T>(Setting<T> unnamed, string? description = null) => unnamed with
        {
            Name = start + unnamed.Name[Prefix.Length..],
            Area = Settings.SeveralRemotes,
            Description = description ?? unnamed.Description,
            Aliases = [],
        };
    }

    /// <summary>The remote that a name of a setting would be of, were there one; null where it is of none.</summary>
    public static string? RemoteOf(string setting)
    {
        if (!setting.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        foreach (var each in Template.All)
        {
            var end = each.Name[(Prefix.Length + "<NAME>".Length)..];
            if (setting.Length > Prefix.Length + end.Length && setting.EndsWith(end, StringComparison.OrdinalIgnoreCase))
            {
                return setting[Prefix.Length..^end.Length];
            }
        }

        return null;
    }
}
