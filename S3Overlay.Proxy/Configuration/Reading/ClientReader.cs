using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Configuration.Options;

namespace S3Overlay.Proxy.Configuration.Reading;

/// <summary>Reads the client keys: those of their own settings and of the keys file, else the local layer's (rule A2).</summary>
internal static class ClientReader
{
    public static ClientOptions Read(SettingValues values, LocalOptions local)
    {
        var keys = new List<ClientKey>();
        var origins = new List<string>();
        var (access, secret) = (Settings.AccessKey, Settings.SecretKey);
        if (values.HasPair(access, secret))
        {
            keys.Add(new(values.Get(access)!, values.Get(secret)!, ClientKey.Everything, IsAdministrator: true));
            origins.Add(access.Name);
        }

        if (values.Get(Settings.KeysFile) is { } file)
        {
            ReadFile(file, keys, values.Problems);
            origins.Add(Settings.KeysFile.Name);
        }

        // With a keys file, the well-known key is not a client key, even if the file is invalid.
        if (keys.Count == 0 && origins.Count == 0)
        {
            keys.Add(new(local.AccessKey, local.SecretKey, ClientKey.Everything, IsAdministrator: true));
            origins.Add(local.KeysOrigin);
        }

        foreach (var key in keys.Where(static key => ClientKey.IsAmbiguous(key.AccessKey)))
        {
            // The keys of a file were checked when it was read.
            values.Problems.Error(
                origins[0], key.AccessKey,
                "cannot be used by clients: a slash, comma, equals sign or space would end it inside a signature. "
                + (origins[0] == access.Name ? "Set another." : $"Set {access.Name} and {secret.Name} to separate client keys."));
        }

        var options = values.Fill(new ClientOptions
        {
            Keys = keys,
            KeysOrigin = string.Join(" and ", origins),
            HasDefaultKeys = keys.Exists(key => key is { AccessKey: LocalOptions.DefaultKey, SecretKey: LocalOptions.DefaultKey }),
        });
        return options with { AllowsCrossOrigin = values.Get(Settings.Cors) ?? !options.IsOpenToAll };
    }

    private static void ReadFile(string file, List<ClientKey> keys, ConfigurationProblems problems)
    {
        try
        {
            foreach (var key in KeysFile.Read(file))
            {
                if (keys.Exists(other => other.AccessKey == key.AccessKey))
                {
                    throw new FormatException($"{key.AccessKey} is the key of {Settings.AccessKey.Name} too. Keep one.");
                }

                keys.Add(key);
            }
        }
        catch (FormatException problem)
        {
            problems.Error(Settings.KeysFile.Name, file, problem.Message);
        }
    }
}
