using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;

namespace S3Overlay.Proxy.Configuration.Reading;

/// <summary>Reads the remotes' settings.</summary>
internal static class RemoteOptionsReader
{
    /// <summary>Settings of the unnamed remote that do not switch it on.</summary>
    private static readonly Setting[] Details =
    [
        Settings.RemoteAnonymous, Settings.RemoteRequestPayer, Settings.RemoteCaFile, Settings.RemoteAddressingStyle, Settings.RemoteStore,
        Settings.RemoteSessionToken, Settings.Mapping,
    ];

    /// <summary>Settings that have no effect without a remote.</summary>
    private static readonly Setting[] Common = [Settings.Unmapped, Settings.CacheEnabled];

    /// <summary>The unnamed remote first, if it is on, then those of <c>S3_OVERLAY_REMOTES</c>.</summary>
    public static IReadOnlyList<RemoteOptions> Read(SettingValues values)
    {
        var named = (values.Get(Settings.Remotes) ?? []).Select(name => ReadNamed(name, values)).ToList();
        if (ReadUnnamed(values, named.Count > 0) is { } unnamed)
        {
            return [unnamed, .. named];
        }

        if (values.HasOwn(Settings.Unmapped) && values.Get(Settings.Unmapped) == UnmappedBuckets.Deny
            && named.Find(remote => remote.Unmapped != UnmappedBuckets.Deny) is { } all)
        {
            values.Problems.Error(Settings.Unmapped.Name, "deny", $"contradicts the * in {all.Settings.Places.Name}. Remove one of them.");
        }

        return named;
    }

    /// <summary>An endpoint, a region of its own, or a way to sign (keys, a profile, anonymous) switches the unnamed remote on.</summary>
    private static RemoteOptions? ReadUnnamed(SettingValues values, bool hasOthers)
    {
        var connection = ConnectionString.Read("remote", values);
        var isOn = connection is not null
            || values.Has(Settings.RemoteEndpoint)
            || values.Has(Settings.RemoteAccessKeyId)
            || values.Has(Settings.RemoteSecretAccessKey)
            || values.Has(Settings.RemoteProfile)
            || values.Get(Settings.RemoteAnonymous)
            || values.HasOwn(Settings.RemoteRegion);
        if (isOn)
        {
            return Read("", RemoteSettings.Unnamed, connection, values.Get(Settings.Mapping) ?? [], values.Get(Settings.Unmapped), values);
        }

        foreach (var detail in (hasOthers ? Details : Details.Concat(Common)).Where(values.HasOwn))
        {
            values.Problems.Warning(detail.Name, null, hasOthers
                ? "has no effect: the remotes of S3_OVERLAY_REMOTES have settings of their own, and there is no other remote. Remove it."
                : "has no effect without a remote. "
                    + "Set S3_OVERLAY_REMOTE_ENDPOINT, or S3_OVERLAY_REMOTE_PROFILE, _ANONYMOUS or _REGION for AWS.");
        }

        return null;
    }

    private static RemoteOptions ReadNamed(string name, SettingValues values)
    {
        var settings = RemoteSettings.Named(name);
        values.Add(settings.All);
        var backs = values.Get(settings.Backs!);
        if (!values.Has(settings.Backs!))
        {
            values.Problems.Error(settings.Backs!.Name, null,
                $"is missing: it says what the remote \"{name}\" of {Settings.Remotes.Name} has, such as photos,data/models/ or *.");
        }

        var others = backs is not { IsEverythingElse: true } ? UnmappedBuckets.Deny
            : values.Get(Settings.Unmapped) == UnmappedBuckets.Show ? UnmappedBuckets.Show
            : UnmappedBuckets.SameName;
        return Read(name, settings, ConnectionString.Read($"remote_{name}", values), backs?.Rows ?? [], others, values);
    }

    private static RemoteOptions Read(string name, RemoteSettings settings, ConnectionString? connection,
        IReadOnlyList<BucketMapping> mapping, UnmappedBuckets unmapped, SettingValues values)
    {
        var (endpoint, addressing) = (settings.Of(Settings.RemoteEndpoint), settings.Of(Settings.RemoteAddressingStyle));
        var (id, secret) = (settings.Of(Settings.RemoteAccessKeyId), settings.Of(Settings.RemoteSecretAccessKey));
        var (token, profile) = (settings.Of(Settings.RemoteSessionToken), settings.Of(Settings.RemoteProfile));
        var anonymous = settings.Of(Settings.RemoteAnonymous);
        if (!values.HasPair(id, secret, "Set both, or neither for the standard AWS chain.")
            && values.Has(token) && !values.Has(id) && !values.Has(secret))
        {
            values.Problems.Error(values.NameOf(token), null, $"is set without {id.Name} and {secret.Name}. Set all three.");
        }

        string[] ways =
        [
            .. values.Has(id) ? [values.NameOf(id)] : values.Has(secret) ? [values.NameOf(secret)] : Array.Empty<string>(),
            .. values.Has(profile) ? [profile.Name] : Array.Empty<string>(),
            .. values.Get(anonymous) ? [anonymous.Name] : Array.Empty<string>(),
        ];
        if (ways.Length > 1)
        {
            values.Problems.Error(string.Join(" and ", ways), null, "contradict each other. Keep one.");
        }

        var hasKeys = ways.Length > 0;
        return values.Fill(new RemoteOptions
        {
            Name = name,
            Settings = settings,
            EndpointOrigin = values.Has(endpoint) ? endpoint.Name : connection?.Name ?? endpoint.Name,
            KeysOrigin = values.Has(profile) ? profile.Name
                : values.Get(anonymous) ? anonymous.Name
                : hasKeys || connection?.AccessKey is null ? values.NameOf(id)
                : connection.Name,
            Endpoint = connection?.Endpoint,
            Addressing = connection is not null && !values.HasOwn(endpoint) && !values.HasOwn(addressing) ? AddressingStyle.Path
                : values.Get(addressing),
            AccessKeyId = hasKeys ? values.Get(id) : connection?.AccessKey,
            SecretAccessKey = hasKeys ? values.Get(secret) : connection?.SecretKey,
            Mapping = mapping,
            Unmapped = unmapped,
        }, settings.All.Concat(Settings.All.Where(static setting => !setting.IsPerRemote)));
    }
}
