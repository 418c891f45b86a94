using S3Overlay.Proxy.Configuration.Checks;
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

    /// <summary>Settings with one value for all remotes.</summary>
    private static readonly Setting[] OfEveryRemote =
    [
        Settings.RemoteConnectTimeout, Settings.RemoteFirstByteTimeout, Settings.RemoteStallTimeout, Settings.RemoteMinRate,
        Settings.RemoteBudget,
    ];

    /// <summary>Settings that have no effect without a remote.</summary>
    private static readonly Setting[] Common = [Settings.Unmapped, Settings.CacheEnabled];

    /// <summary>The unnamed remote first, if it is on, then those of <c>S3_OVERLAY_REMOTES</c>.</summary>
    public static IReadOnlyList<RemoteOptions> Read(SettingValues values, ConfigurationProblems problems)
    {
        var named = (values.Get(Settings.Remotes) ?? []).Select(name => ReadNamed(name, values, problems)).ToList();
        if (ReadUnnamed(values, named.Count > 0, problems) is { } unnamed)
        {
            return [unnamed, .. named];
        }

        if (values.HasOwn(Settings.Unmapped) && values.Get(Settings.Unmapped) == UnmappedBuckets.Deny
            && named.Find(remote => remote.Unmapped != UnmappedBuckets.Deny) is { } all)
        {
            problems.Error(Settings.Unmapped.Name, "deny", $"contradicts the * in {all.Settings.Backs!.Name}. Remove one of them.");
        }

        return named;
    }

    /// <summary>
    /// An endpoint, a region of its own, or a way to sign (keys, a profile, not at all) switches the remote without a name on.
    /// </summary>
    private static RemoteOptions? ReadUnnamed(SettingValues values, bool hasOthers, ConfigurationProblems problems)
    {
        var connection = ConnectionString.Read("remote", values, problems);
        var isOn = connection is not null
            || values.Has(Settings.RemoteEndpoint)
            || values.Has(Settings.RemoteAccessKeyId)
            || values.Has(Settings.RemoteSecretAccessKey)
            || values.Has(Settings.RemoteProfile)
            || values.Get(Settings.RemoteAnonymous)
            || values.HasOwn(Settings.RemoteRegion);
        if (isOn)
        {
            return Make("", RemoteSettings.Unnamed, connection, values.Get(Settings.Mapping)
                ?? [], values.Get(Settings.Unmapped), values, problems);
        }

        foreach (var detail in (hasOthers ? Details : Details.Concat(Common)).Where(values.HasOwn))
        {
            problems.Warning(detail.Name, null, hasOthers
                ? "has no effect: the remotes of S3_OVERLAY_REMOTES have settings of their own, and there is no other remote. Remove it."
                : "has no effect without a remote. Set S3_OVERLAY_REMOTE_ENDPOINT, or S3_OVERLAY_REMOTE_PROFILE, _ANONYMOUS or _REGION for AWS.");
        }

        return null;
    }

    private static RemoteOptions ReadNamed(string name, SettingValues values, ConfigurationProblems problems)
    {
        var settings = RemoteSettings.Named(name);
        values.Add(settings.All, problems);
        var backs = values.Get(settings.Backs!);
        if (!values.Has(settings.Backs!))
        {
            problems.Error(settings.Backs!.Name, null,
                $"is missing: it says what the remote \"{name}\" of {Settings.Remotes.Name} has, such as photos,data/models/ or *.");
        }

        var others = backs is not { IsEverythingElse: true } ? UnmappedBuckets.Deny
            : values.Get(Settings.Unmapped) == UnmappedBuckets.Show ? UnmappedBuckets.Show
            : UnmappedBuckets.SameName;
        return Make(name, settings, ConnectionString.Read($"remote_{name}", values, problems), backs?.Rows ?? [], others, values, problems);
    }

    private static RemoteOptions Make(
        string name, RemoteSettings settings, ConnectionString? connection, IReadOnlyList<BucketMapping> mapping, UnmappedBuckets unmapped,
        SettingValues values, ConfigurationProblems problems)
    {
        var hasKeys = values.Has(settings.AccessKeyId) || values.Has(settings.SecretAccessKey) || values.Has(settings.Profile)
            || values.Get(settings.Anonymous);
        CheckCredentials(settings, values, problems);
        return values.Fill(new RemoteOptions
        {
            Name = name,
            Settings = settings,
            EndpointOrigin = values.Has(settings.Endpoint) ? settings.Endpoint.Name : connection?.Name ?? settings.Endpoint.Name,
            KeysOrigin = values.Has(settings.Profile) ? settings.Profile.Name
                : values.Get(settings.Anonymous) ? settings.Anonymous.Name
                : hasKeys || connection?.AccessKey is null ? values.NameOf(settings.AccessKeyId)
                : connection.Name,
            Endpoint = connection?.Endpoint,
            Addressing = connection is not null && !values.HasOwn(settings.Endpoint) && !values.HasOwn(settings.AddressingStyle)
                ? AddressingStyle.Path
                : values.Get(settings.AddressingStyle),
            AccessKeyId = hasKeys ? values.Get(settings.AccessKeyId) : connection?.AccessKey,
            SecretAccessKey = hasKeys ? values.Get(settings.SecretAccessKey) : connection?.SecretKey,
            Mapping = mapping,
            Unmapped = unmapped,
        }, settings.All.Concat(OfEveryRemote));
    }

    private static void CheckCredentials(RemoteSettings settings, SettingValues values, ConfigurationProblems problems)
    {
        var (id, secret) = (settings.AccessKeyId, settings.SecretAccessKey);
        if (values.Has(id) != values.Has(secret))
        {
            var (given, missing) = values.Has(id) ? (id, secret) : (secret, id);
            problems.Error(values.NameOf(given), null, $"is set without {missing.Name}. Set both, or neither for the standard AWS chain.");
        }
        else if (values.Has(settings.SessionToken) && !values.Has(id))
        {
            problems.Error(values.NameOf(settings.SessionToken), null, $"is set without {id.Name} and {secret.Name}. Set all three.");
        }

        var ways = new List<string>();
        if (values.Has(id) || values.Has(secret))
        {
            ways.Add(values.NameOf(values.Has(id) ? id : secret));
        }

        if (values.Has(settings.Profile))
        {
            ways.Add(settings.Profile.Name);
        }

        if (values.Get(settings.Anonymous))
        {
            ways.Add(settings.Anonymous.Name);
        }

        if (ways.Count > 1)
        {
            problems.Error(string.Join(" and ", ways), null, "contradict each other. Keep one.");
        }
    }
}
