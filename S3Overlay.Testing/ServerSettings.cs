using System.Security.Cryptography;

using Microsoft.Extensions.Configuration;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Reading;

namespace S3Overlay.Testing;

/// <summary>Turns the options of a server into those of the proxy, and problems into messages that name the option.</summary>
internal static class ServerSettings
{
    private const string Prefix = "S3_OVERLAY_";

    /// <summary>Settings of the program that a server in a test decides itself, and what to do instead.</summary>
    private static readonly Dictionary<string, string> Remedies = new(StringComparer.OrdinalIgnoreCase)
    {
        [Settings.DataDirectory.Name] = "is a temporary folder here. Call Folder to choose where it is created.",
        [Settings.LocalEndpoint.Name] = "does not work here: writes go to a temporary folder, so that a reset can replace it. Remove it.",
        [Settings.Port.Name] = "does not work here. Call Port.",
        [Settings.AccessKey.Name] = "does not work here. Call Keys.",
        [Settings.SecretKey.Name] = "does not work here. Call Keys.",
        [Settings.RequireRemote.Name] = "does not work here: the start asks no remote. Remove it, and let the test ask.",
        [Settings.ManagementUrls.Name] = "does not work here: there is one port. Remove it.",
        [Settings.ConsoleUrls.Name] = "does not work here: a server in a test has no console. Remove it.",
        [Settings.AccessLog.Name] = "does not work here. Remove it, and call Logging.",
        [Settings.ShutdownTimeout.Name] = "does not work here: running requests are cut at the end. Remove it.",
    };

    /// <summary>Why a setting cannot be set by name, and what to do instead. Null if it can.</summary>
    public static string? RemedyFor(string name) =>
        Remedies.TryGetValue(name, out var remedy) ? remedy
        : name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? null
        : $"is no setting of the proxy: their names begin with {Prefix}. Call Logging for logs and Port for the port.";

    /// <summary>Random keys, so that a client of another server notices its mistake.</summary>
    public static (string Access, string Secret) NewKeys() =>
        ($"TEST{RandomNumberGenerator.GetHexString(16)}", RandomNumberGenerator.GetHexString(40));

    /// <exception cref="S3OverlayException">An option is wrong.</exception>
    public static ProxyOptions Read(S3OverlayOptions options, (string Access, string Secret) keys, TestFolder folder)
    {
        var values = new Dictionary<string, string?>
        {
            ["urls"] = $"http://127.0.0.1:{options.ListenPort}",
            [Settings.DataDirectory.Name] = folder["0"],
            [Settings.CacheDirectory.Name] = folder["cache"],
            [Settings.SpoolDirectory.Name] = folder["spool"],
            [Settings.Durable.Name] = "false",
            [Settings.AccessKey.Name] = keys.Access,
            [Settings.SecretKey.Name] = keys.Secret,
        };
        foreach (var (name, (value, _)) in options.Values)
        {
            values[name] = value;
        }

        // Nobody would see a warning of a test's server, and each is a likely mistake.
        var problems = new ConfigurationProblems();
        var read = ProxyOptionsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build(), problems);
        List<string> wrong = [.. problems.Errors.Concat(problems.Warnings).Select(problem => $"{OptionOf(problem)}: {problem}")];
        return wrong.Count == 0 ? read : throw new S3OverlayException(string.Join(Environment.NewLine, wrong));

        string OptionOf(ConfigurationProblem problem) =>
            options.Values.TryGetValue(problem.Setting, out var set) ? set.Option
            : problem.Setting == Settings.AccessKey.Name || problem.Setting == Settings.SecretKey.Name ? nameof(S3OverlayOptions.Keys)
            : problem.Setting == "urls" ? nameof(S3OverlayOptions.Port)
            : nameof(S3OverlayOptions.Setting);
    }
}
