using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;

namespace S3Overlay.Proxy.Configuration.Reading;

/// <summary>
/// Turns what the environment and the command line say into <see cref="ProxyOptions"/>. Goes on after an error, so that all of them
/// are told at once.
/// </summary>
public static class ProxyOptionsReader
{
    /// <summary>Reads all settings. The options may be used only where <paramref name="problems"/> has no errors afterwards.</summary>
    public static ProxyOptions Read(IConfiguration configuration, ConfigurationProblems problems)
    {
        var values = new SettingValues(configuration, problems);
        var remotes = RemoteOptionsReader.Read(values, problems);
        UnknownNames.Warn(configuration, values.Names, problems);
        var local = LocalReader.Read(values, remotes, problems);
        var options = new ProxyOptions
        {
            Clients = ClientReader.Read(values, local, problems),
            Local = local,
            Remotes = remotes,
            RequiresRemote = values.Get(Settings.RequireRemote),
            Cache = new()
            {
                IsEnabled = values.Get(Settings.CacheEnabled),
                ChunkThreshold = values.Get(Settings.ChunkThreshold),
                ChunkSize = values.Get(Settings.ChunkSize),
                ReadAheadBytes = values.Get(Settings.ReadAheadBytes),
                FillOnAbort = values.Get(Settings.FillOnAbort),
                Revalidation = values.Get(Settings.Revalidate),
                NegativeLife = values.Get(Settings.NegativeTtl),
                AllowsDirectives = values.Get(Settings.ClientDirectives),
                StaleIfError = values.Get(Settings.StaleIfError),
                MaxBytes = values.Get(Settings.CacheMaxBytes),
                MinFree = values.Get(Settings.CacheMinFree),
                MinUses = values.Get(Settings.CacheMinUses),
                Directory = values.Get(Settings.CacheDirectory) ?? Path.Combine(local.DataDirectory, "cache"),
                Bucket = values.Get(Settings.CacheBucket),
            },
            View = new()
            {
                Listing = values.Get(Settings.Listing),
                ListingOnError = values.Get(Settings.ListingOnError),
                Deletes = values.Get(Settings.Deletes),
                CopyUpMax = values.Get(Settings.CopyUpMax),
                RemoteForbidden = values.Get(Settings.RemoteForbidden),
            },
            Listen = ListenReader.Read(configuration, values, problems),
            Management = values.Get(Settings.ManagementUrls) ?? [],
            ShutdownTimeout = values.Get(Settings.ShutdownTimeout),
            AccessLog = AccessLogReader.Read(values),
        };
        OptionsValidator.Validate(options, problems);
        return options;
    }
}
