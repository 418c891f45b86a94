using System.Globalization;
using System.Security.Cryptography;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Hosting.Run.SharedCache;

/// <summary>The settings of a shared proxy, which has the remotes of a run, and of a run that has that proxy as its remote.</summary>
internal static class CacheSettings
{
    /// <summary>
    /// How long an entry is served without asking the remote, unless the user says otherwise. A cache that outlives its proxy must notice
    /// changes of the remote; asking at each read would make small objects as slow as without it.
    /// </summary>
    private const string DefaultRevalidation = "1m";

    private static readonly Setting[] Kept =
    [
        Settings.Mapping, Settings.Unmapped, Settings.ChunkThreshold, Settings.ChunkSize, Settings.ReadAheadBytes, Settings.FillOnAbort,
        Settings.Revalidate, Settings.NegativeTtl, Settings.StaleIfError, Settings.CacheMinFree, Settings.CacheMinUses,
    ];

    private static readonly string[] KeptFamilies = ["S3_OVERLAY_REMOTE", "ConnectionStrings:remote", "AWS_REMOTE_", "AWS_REGION"];

    /// <summary>Those of a run's settings that its shared proxy needs.</summary>
    public static Dictionary<string, string?> Of(RunSettings settings)
    {
        var values = settings.Values
            .Where(static pair => Array.Exists(KeptFamilies, start => pair.Key.StartsWith(start, StringComparison.OrdinalIgnoreCase))
                || Array.Exists(Kept, setting => setting.Name.Equals(pair.Key, StringComparison.OrdinalIgnoreCase)))
            .ToDictionary(StringComparer.OrdinalIgnoreCase);
        values.Remove(Settings.RemoteForbidden.Name);
        values.Remove(Settings.RequireRemote.Name);
        foreach (var name in values.Keys.Where(static name => name.EndsWith("_CA_FILE", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            values[name] = string.IsNullOrWhiteSpace(values[name]) ? "" : Path.GetFullPath(values[name]!.Trim());
        }

        if (settings.Text(Settings.Revalidate) is null)
        {
            values[Settings.Revalidate.Name] = DefaultRevalidation;
        }

        return values;
    }

    /// <summary>The shared proxy's own options, with a key of its own that may only read.</summary>
    /// <param name="folder">Its data folder.</param>
    /// <param name="size">The most bytes to cache.</param>
    /// <exception cref="RunException">A setting is wrong.</exception>
    public static (WebApplicationBuilder Builder, ProxyOptions Options, ConfigurationProblems Problems, ClientKey Key) ForProxy(
        RunSettings settings, string folder, long size)
    {
        var (builder, options, problems) = RunSettings.Build(settings.With(
            (Settings.DataDirectory, folder),
            (Settings.Durable, "false"),
            (Settings.CacheEnabled, "true"),
            (Settings.CacheMaxBytes, size.ToString(CultureInfo.InvariantCulture))));
        var key = NewKey() with { Rights = [new BucketRight("*", AccessRight.Read)], IsAdministrator = false };
        options = options with
        {
            Clients = options.Clients with { Keys = [key], HasDefaultKeys = false, AllowsCrossOrigin = false },

            // Each run decides what its clients get.
            View = options.View with { RemoteForbidden = RemoteForbidden.Forbidden },
            ShutdownTimeout = TimeSpan.FromSeconds(1),
        };
        return (builder, options, problems, key);
    }

    /// <summary>A run's options with the shared proxy in place of its remotes. Clients see the same buckets as without it.</summary>
    public static ProxyOptions Over(CacheAddress cache, ProxyOptions options)
    {
        var slack = TimeSpan.FromSeconds(5) + options.RemoteBudget;
        var remote = new RemoteOptions
        {
            Name = "",
            Endpoint = cache.Endpoint,
            Addressing = AddressingStyle.Path,
            Make = StoreMakes.Ours,
            AccessKeyId = cache.AccessKey,
            SecretAccessKey = cache.SecretKey,

            // The shared proxy waits for the remotes. It must be waited for a little longer.
            ConnectTimeout = TimeSpan.FromSeconds(3),
            FirstByteTimeout = slack,
            StallTimeout = slack,
            Budget = slack,
            Mapping = [.. options.Remotes.SelectMany(static each => each.Mapping)
                .Select(static place =>
                    new BucketMapping(place.Local, place.Local, place.LocalPrefix) { LocalPrefix = place.LocalPrefix })],
            Unmapped = options.Remotes.Select(static each => each.Unmapped)
                .FirstOrDefault(static unmapped => unmapped != UnmappedBuckets.Deny, UnmappedBuckets.Deny),
        };
        return options with { Remotes = [remote], Cache = options.Cache with { IsEnabled = false } };
    }

    /// <summary>A random key that may do everything.</summary>
    public static ClientKey NewKey() => new(
        "RUN" + RandomNumberGenerator.GetHexString(17), RandomNumberGenerator.GetHexString(40, lowercase: true), ClientKey.Everything,
        IsAdministrator: true);
}
