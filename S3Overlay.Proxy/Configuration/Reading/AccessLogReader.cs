using S3Overlay.Proxy.Configuration.Options;

namespace S3Overlay.Proxy.Configuration.Reading;

/// <summary>Reads where the access log goes.</summary>
internal static class AccessLogReader
{
    /// <summary>The access log's options; null if it is off.</summary>
    public static AccessLogOptions? Read(SettingValues values)
    {
        var destination = values.Get(Settings.AccessLog);
        var format = values.Get(Settings.AccessLogFormat);
        if (destination.Equals(AccessLogOptions.Off, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var isConsole = destination.Equals(AccessLogOptions.Console, StringComparison.OrdinalIgnoreCase);
        return new(isConsole ? null : Path.GetFullPath(destination), format, values.Get(Settings.AccountId));
    }
}
