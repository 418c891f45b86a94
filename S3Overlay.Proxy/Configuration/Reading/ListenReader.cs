using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Values;

namespace S3Overlay.Proxy.Configuration.Reading;

/// <summary>Reads where the proxy listens: ASP.NET Core's own settings, and the port of ours.</summary>
internal static class ListenReader
{
    public static ListenAddresses Read(IConfiguration configuration, SettingValues values, ConfigurationProblems problems)
    {
        var addresses = ListenAddresses.Read(configuration);
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
            problems.Error(Settings.Port.Name, values.Text(Settings.Port.Name), problem.Message);
            return addresses;
        }
    }
}
