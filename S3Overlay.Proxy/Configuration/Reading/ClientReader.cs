using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Configuration.Options;

namespace S3Overlay.Proxy.Configuration.Reading;

/// <summary>Reads who may come in: keys of the clients' own, else those of a file, else the local layer's (rule A2).</summary>
internal static class ClientReader
{
    public static ClientOptions Read(SettingValues values, LocalOptions local, ConfigurationProblems problems)
    {
        var keys = new List<ClientKey>();
        var origins = new List<string>();
        var (access, secret) = (Settings.AccessKey, Settings.SecretKey);
        if (values.Has(access) != values.Has(secret))
        {
            var (given, missing) = values.Has(access) ? (access, secret) : (secret, access);
            problems.Error(given.Name, null, $"is set without {missing.Name}. Set both.");
        }
        else if (values.Has(access))
        {
            keys.Add(new(values.Get(access)!, values.Get(secret)!, ClientKey.Everything, IsAdministrator: true));
            origins.Add(access.Name);
        }

        if (values.Get(Settings.KeysFile) is { } file)
        {
            ReadFile(file, keys, problems);
            origins.Add(Settings.KeysFile.Name);
        }

        // A file of keys is a decision about who may come in: the well-known key is then none of them.
        if (keys.Count == 0 && origins.Count == 0)
        {
            keys.Add(new(local.AccessKey, local.SecretKey, ClientKey.Everything, IsAdministrator: true));
            origins.Add(local.KeysOrigin);
        }

        foreach (var key in keys.Where(static key => ClientKey.IsAmbiguous(key.AccessKey)))
        {
            // Keys of a file are looked at as it is read.
            problems.Error(
                origins[0], key.AccessKey,
                "is what clients sign with, and holds a slash, comma, equals sign or space, by which signatures are taken apart. "
                + (origins[0] == access.Name ? "Set another." : $"Set {access.Name} and {secret.Name} to keys of the clients' own."));
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
