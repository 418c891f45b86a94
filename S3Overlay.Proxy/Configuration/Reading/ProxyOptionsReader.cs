using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;

namespace S3Overlay.Proxy.Configuration.Reading;

/// <summary>Reads <see cref="ProxyOptions"/> from the environment and the command line, and reports all errors at once.</summary>
public static class ProxyOptionsReader
{
    /// <summary>Reads all settings. Use the options only if <paramref name="problems"/> has no errors afterwards.</summary>
    public static ProxyOptions Read(IConfiguration configuration, ConfigurationProblems problems)
    {
        var values = new SettingValues(configuration, problems);
        var remotes = RemoteOptionsReader.Read(values);
        UnknownNames.Warn(configuration, values.Names, problems);
        var local = LocalReader.Read(values, remotes);
        var options = values.Fill(new ProxyOptions
        {
            Clients = ClientReader.Read(values, local),
            Local = local,
            Remotes = remotes,
            Cache = values.Fill(new CacheOptions { Directory = Path.Combine(local.DataDirectory, "cache") }),
            View = values.Fill(new ViewOptions()),
            Listen = ReadListen(values),
            AccessLog = ReadAccessLog(values),
            Console = new(values.Get(Settings.ConsoleUrls), IsDefault: !values.Has(Settings.ConsoleUrls)),
            Shown = values.Show,
        });
        OptionsValidator.Validate(options, problems);
        return options;
    }

    /// <summary>ASP.NET Core's own settings, with the port of <c>S3_OVERLAY_PORT</c>.</summary>
    private static ListenAddresses ReadListen(SettingValues values)
    {
        var addresses = ListenAddresses.Read(values.Configuration);
        if (values.Get(Settings.Port) is not { } port || !addresses.Urls.All(ListenAddresses.IsWellFormed))
        {
            return addresses;
        }

        try
        {
            return addresses.OnPort(port);
        }
        catch (FormatException problem)
        {
            values.Problems.Error(Settings.Port.Name, values.Text(Settings.Port.Name), problem.Message);
            return addresses;
        }
    }

    private static AccessLogOptions? ReadAccessLog(SettingValues values)
    {
        var destination = values.Get(Settings.AccessLog);
        if (destination.Equals(AccessLogOptions.Off, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var isConsole = destination.Equals(AccessLogOptions.Console, StringComparison.OrdinalIgnoreCase);
        return new(isConsole ? null : Path.GetFullPath(destination), values.Get(Settings.AccessLogFormat), values.Get(Settings.AccountId));
    }
}
