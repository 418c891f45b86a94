using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Reading;

namespace S3Overlay.Proxy.Hosting.Run;

/// <summary>
/// The settings of one run: those of the environment and the command line, except what a run decides itself. Settings of a server that
/// happen to be in the environment (its address, data, keys and access log) have no effect.
/// </summary>
internal sealed class RunSettings
{
    private const string Own = "S3_OVERLAY_";
    private const string Connections = "ConnectionStrings:";

    /// <summary>Settings that a run decides. An empty value counts as unset.</summary>
    private static readonly Setting[] Decided =
    [
        Settings.Port, Settings.ManagementUrls, Settings.ConsoleUrls, Settings.AccessLog, Settings.KeysFile, Settings.Auth,
        Settings.CacheEnabled, Settings.CacheDirectory, Settings.AllowDefaultKeys, Settings.DataDirectory,
    ];

    private RunSettings(Dictionary<string, string?> values, IReadOnlyList<string> given) => (Values, Given) = (values, given);

    /// <summary>The values by name. <c>:</c> separates sections.</summary>
    public IReadOnlyDictionary<string, string?> Values { get; }

    /// <summary>Names of the settings on the command line.</summary>
    public IReadOnlyList<string> Given { get; }

    /// <summary>Whether a variable or section may hold a setting of the proxy, such as credentials of a remote.</summary>
    public static bool IsOurs(string name) =>
        name.StartsWith(Own, StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("AWS_REMOTE_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith(Connections, StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("ConnectionStrings__", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads the environment and the command line.</summary>
    /// <exception cref="RunException">A setting contradicts the run.</exception>
    public static RunSettings Read(IReadOnlyList<string> arguments)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in ProxyBuilder.FromEnvironment([.. arguments]).Configuration.AsEnumerable())
        {
            if (IsOurs(name) || name.Equals("AWS_REGION", StringComparison.OrdinalIgnoreCase))
            {
                values[name] = value;
            }
        }

        // Log levels of the environment may be those of the command's own program.
        var given = new ConfigurationBuilder().AddCommandLine([.. arguments]).Build().AsEnumerable().ToList();
        foreach (var (name, value) in given.Where(static pair => pair.Key.StartsWith("Logging:", StringComparison.OrdinalIgnoreCase)))
        {
            values[name] = value;
        }

        var settings = new RunSettings(values, [.. given.Select(static pair => pair.Key)]);
        settings.RefuseContradictions();
        return settings;
    }

    /// <summary>A setting's text; null if it is unset or empty.</summary>
    public string? Text(Setting setting) => Values.GetValueOrDefault(setting.Name) is { } text && !string.IsNullOrWhiteSpace(text)
        ? text.Trim() : null;

    /// <summary>These settings for a proxy on a free port of this machine.</summary>
    /// <param name="own">Settings that replace these.</param>
    public Dictionary<string, string?> With(params IEnumerable<(Setting Setting, string? Value)> own)
    {
        var all = new Dictionary<string, string?>(Values, StringComparer.OrdinalIgnoreCase);
        foreach (var decided in Decided)
        {
            all[decided.Name] = "";
        }

        foreach (var (setting, value) in own)
        {
            all[setting.Name] = value;
        }

        all["urls"] = "http://127.0.0.1:0";
        all.TryAdd("Logging:LogLevel:S3Overlay", "Warning");

        // The command's output belongs to the command.
        all["Logging:Console:LogToStandardErrorThreshold"] = "Trace";
        return all;
    }

    /// <summary>Reads the options of these settings.</summary>
    /// <exception cref="RunException">A setting is wrong.</exception>
    public static (WebApplicationBuilder Builder, ProxyOptions Options, ConfigurationProblems Problems) Build(
        IReadOnlyDictionary<string, string?> values)
    {
        var builder = ProxyBuilder.FromSettings(values);
        var problems = new ConfigurationProblems();
        var options = ProxyOptionsReader.Read(builder.Configuration, problems);
        if (problems.Errors.Count > 0)
        {
            throw new RunException(RunExitCodes.NotStarted, string.Join(' ', problems.Errors.Concat(problems.Warnings)));
        }

        // A signal is for the command. The proxy ends after it.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        return (builder, options, problems);
    }

    private void RefuseContradictions()
    {
        foreach (var name in (string[])[Settings.LocalEndpoint.Name, Connections + "local", Connections + "minio"])
        {
            if (!string.IsNullOrWhiteSpace(Values.GetValueOrDefault(name)))
            {
                throw new RunException(RunExitCodes.NotStarted,
                    $"{name.Replace(":", "__", StringComparison.Ordinal)} is set, but run keeps changes in a folder. Unset it.");
            }
        }

        if (Given.Contains(Settings.DataDirectory.Name, StringComparer.OrdinalIgnoreCase))
        {
            throw new RunException(RunExitCodes.NotStarted, $"{Settings.DataDirectory.Name} has no effect here. Use --data DIR.");
        }

        if (Given.Contains(Settings.CacheDirectory.Name, StringComparer.OrdinalIgnoreCase))
        {
            throw new RunException(RunExitCodes.NotStarted, $"{Settings.CacheDirectory.Name} has no effect here. Use --cache-dir DIR.");
        }
    }

    /// <summary>Ends with whatever runs the host, and not by a signal.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
