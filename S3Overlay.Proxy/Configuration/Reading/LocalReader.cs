using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Configuration.Options;

namespace S3Overlay.Proxy.Configuration.Reading;

/// <summary>Reads the local layer's settings.</summary>
internal static class LocalReader
{
    private const string AwsAccessKey = "AWS_ACCESS_KEY_ID";

    public static LocalOptions Read(SettingValues values, IReadOnlyList<RemoteOptions> remotes)
    {
        var connection = ConnectionString.Read("local", values) ?? ConnectionString.Read("minio", values);
        var (access, secret) = (Settings.LocalAccessKey, Settings.LocalSecretKey);
        values.HasPair(access, secret); // Half a pair is an error.
        var hasKeys = values.Has(access) || values.Has(secret);

        // AWS_* variables are used for the local endpoint only if every remote has its own keys. Otherwise production keys of the remote
        // would also be client keys here.
        var options = values.Fill(new LocalOptions { Endpoint = connection?.Endpoint });
        var takesAwsNames = options.Endpoint is not null && remotes.Count > 0 && remotes.All(remote => remote.AccessKeyId is not null);
        return options with
        {
            Encryption = ReadEncryption(values),
            AccessKey = KeyOf(access, connection?.AccessKey, AwsAccessKey),
            SecretKey = KeyOf(secret, connection?.SecretKey, "AWS_SECRET_ACCESS_KEY"),
            KeysOrigin = hasKeys ? access.Name
                : connection is { AccessKey: not null } ? connection.Name
                : takesAwsNames && values.Text(AwsAccessKey) is not null ? AwsAccessKey
                : "the default",
        };

        string KeyOf(Setting<string?> setting, string? connected, string awsName) =>
            values.Has(setting) ? values.Get(setting)!
            : connected is not null && !hasKeys ? connected
            : takesAwsNames && values.Text(awsName) is { } aws ? aws
            : values.Get(setting)!;
    }

    /// <summary>The master key of its own setting comes before those of the file.</summary>
    private static EncryptionKeys ReadEncryption(SettingValues values)
    {
        var keys = EncryptionKeys.None;
        if (values.Get(Settings.EncryptionFile) is { } file)
        {
            try
            {
                keys = EncryptionKeys.Read(file);
            }
            catch (FormatException problem)
            {
                values.Problems.Error(Settings.EncryptionFile.Name, file, problem.Message);
            }
        }

        return values.Get(Settings.EncryptionKey) is { } master ? keys with { Masters = [master, .. keys.Masters] } : keys;
    }
}
