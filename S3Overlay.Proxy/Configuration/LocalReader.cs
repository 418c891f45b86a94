namespace S3Overlay.Proxy.Configuration;

/// <summary>Reads the writable layer's settings.</summary>
internal static class LocalReader
{
    public static LocalOptions Read(SettingValues values, RemoteOptions? remote, ConfigurationProblems problems)
    {
        foreach (var name in new[] { "local", "minio" })
        {
            if (values.Text($"ConnectionStrings:{name}") is not null)
            {
                problems.Error($"ConnectionStrings__{name}", null, "An S3 endpoint as the local layer is not served yet by this version. Take the setting away.");
            }
        }

        // AWS_* names belong to the local endpoint only where there is one and the remote has keys of its own: otherwise somebody's
        // production keys would open this front door.
        var takesAwsNames = values.Has(Settings.LocalEndpoint) && remote?.AccessKeyId is not null;
        return new()
        {
            DataDirectory = values.Get(Settings.DataDirectory),
            IsDurable = values.Get(Settings.Durable),
            BucketLocation = values.Get(Settings.DefaultBucketLocation)!,
            Endpoint = values.Get(Settings.LocalEndpoint),
            AccessKey = KeyOf(Settings.LocalAccessKey, "AWS_ACCESS_KEY_ID"),
            SecretKey = KeyOf(Settings.LocalSecretKey, "AWS_SECRET_ACCESS_KEY"),
            Region = values.Get(Settings.LocalRegion)!,
        };

        string KeyOf(Setting<string?> setting, string awsName) =>
            takesAwsNames && !values.Has(setting) && values.Text(awsName) is { } aws ? aws : values.Get(setting)!;
    }
}
