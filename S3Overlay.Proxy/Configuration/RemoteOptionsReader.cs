namespace S3Overlay.Proxy.Configuration;

/// <summary>Reads the lower layer's settings.</summary>
internal static class RemoteOptionsReader
{
    /// <summary>Settings that say something about a remote without switching one on.</summary>
    private static readonly Setting[] Details =
    [
        Settings.RemoteProfile, Settings.RemoteAnonymous, Settings.RemoteRequestPayer, Settings.RemoteCaFile, Settings.RemoteAddressingStyle,
        Settings.RemoteSessionToken, Settings.Mapping, Settings.Unmapped, Settings.CacheEnabled,
    ];

    /// <summary>The remote, or null where none is on: an endpoint, a key, a secret or a region of its own switches it on.</summary>
    public static RemoteOptions? Read(SettingValues values, ConfigurationProblems problems)
    {
        var connection = ConnectionString.Read("remote", values, problems);
        var isOn = connection is not null
            || values.Has(Settings.RemoteEndpoint)
            || values.Has(Settings.RemoteAccessKeyId)
            || values.Has(Settings.RemoteSecretAccessKey)
            || values.HasOwn(Settings.RemoteRegion);
        if (!isOn)
        {
            foreach (var detail in Details.Where(values.HasOwn))
            {
                problems.Warning(detail.Name, null, "has no effect without a remote. Set S3_OVERLAY_REMOTE_ENDPOINT, or S3_OVERLAY_REMOTE_REGION for AWS.");
            }

            return null;
        }

        var hasKeys = values.Has(Settings.RemoteAccessKeyId) || values.Has(Settings.RemoteSecretAccessKey)
            || values.Has(Settings.RemoteProfile) || values.Get(Settings.RemoteAnonymous);
        CheckCredentials(values, problems);
        return new()
        {
            Endpoint = values.Get(Settings.RemoteEndpoint) ?? connection?.Endpoint,
            Region = values.Get(Settings.RemoteRegion),
            Addressing = connection is not null && !values.HasOwn(Settings.RemoteEndpoint) && !values.HasOwn(Settings.RemoteAddressingStyle)
                ? AddressingStyle.Path
                : values.Get(Settings.RemoteAddressingStyle),
            AccessKeyId = hasKeys ? values.Get(Settings.RemoteAccessKeyId) : connection?.AccessKey,
            SecretAccessKey = hasKeys ? values.Get(Settings.RemoteSecretAccessKey) : connection?.SecretKey,
            SessionToken = values.Get(Settings.RemoteSessionToken),
            Profile = values.Get(Settings.RemoteProfile),
            IsAnonymous = values.Get(Settings.RemoteAnonymous),
            RequestPayer = values.Get(Settings.RemoteRequestPayer),
            CaFile = values.Get(Settings.RemoteCaFile),
            ConnectTimeout = values.Get(Settings.RemoteConnectTimeout),
            FirstByteTimeout = values.Get(Settings.RemoteFirstByteTimeout),
            StallTimeout = values.Get(Settings.RemoteStallTimeout),
            Budget = values.Get(Settings.RemoteBudget),
            Mapping = values.Get(Settings.Mapping) ?? [],
            Unmapped = values.Get(Settings.Unmapped),
        };
    }

    private static void CheckCredentials(SettingValues values, ConfigurationProblems problems)
    {
        var (id, secret) = (Settings.RemoteAccessKeyId, Settings.RemoteSecretAccessKey);
        if (values.Has(id) != values.Has(secret))
        {
            var (given, missing) = values.Has(id) ? (id, secret) : (secret, id);
            problems.Error(values.NameOf(given), null, $"is set without {missing.Name}. Set both, or neither for the standard AWS chain.");
        }
        else if (values.Has(Settings.RemoteSessionToken) && !values.Has(id))
        {
            problems.Error(values.NameOf(Settings.RemoteSessionToken), null, $"is set without {id.Name} and {secret.Name}. Set all three.");
        }

        var ways = new List<string>();
        if (values.Has(id) || values.Has(secret))
        {
            ways.Add(values.NameOf(values.Has(id) ? id : secret));
        }

        if (values.Has(Settings.RemoteProfile))
        {
            ways.Add(Settings.RemoteProfile.Name);
        }

        if (values.Get(Settings.RemoteAnonymous))
        {
            ways.Add(Settings.RemoteAnonymous.Name);
        }

        if (ways.Count > 1)
        {
            problems.Error(string.Join(" and ", ways), null, "contradict each other. Keep one.");
        }
    }
}
