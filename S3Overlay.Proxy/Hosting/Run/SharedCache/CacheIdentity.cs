using System.Collections;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

using S3Overlay.Proxy.Configuration.Options;

namespace S3Overlay.Proxy.Hosting.Run.SharedCache;

/// <summary>Names for proxies and stores of a cache folder. Equal names mean that they can be shared.</summary>
internal static class CacheIdentity
{
    /// <summary>Variables of the AWS tools that have nothing to do with credentials or endpoints.</summary>
    private static readonly string[] Irrelevant = ["AWS_PAGER", "AWS_CLI_", "AWS_DEFAULT_OUTPUT", "AWS_EXECUTION_ENV"];

    /// <summary>A proxy's name: the program, all settings with their secrets, and what the standard AWS chain reads.</summary>
    /// <param name="values">The settings.</param>
    /// <param name="options">The same, read.</param>
    /// <param name="salt">Random bytes that others cannot read. Otherwise they could try secrets until the name fits.</param>
    public static string OfProxy(IEnumerable<KeyValuePair<string, string?>> values, ProxyOptions options, byte[] salt) => Hash(
        salt,
    [
        typeof(CacheIdentity).Module.ModuleVersionId.ToString(),
        .. values.Where(static pair => !string.IsNullOrEmpty(pair.Value)).OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase)
            .Select(static pair => $"{pair.Key.ToUpperInvariant()}={pair.Value}"),
        .. UsesChain(options) ? ChainInputs() : [],
    ]);

    /// <summary>True if a remote's credentials come from a profile or the standard AWS chain, and so from variables and files.</summary>
    public static bool UsesChain(ProxyOptions options) =>
        options.Remotes.Any(static remote => remote is { AccessKeyId: null, IsAnonymous: false });

    /// <summary>True for a variable that the standard AWS chain may read.</summary>
    public static bool IsOfChain(string name) => name.StartsWith("AWS_", StringComparison.Ordinal)
        && !Array.Exists(Irrelevant, start => name.StartsWith(start, StringComparison.Ordinal));

    /// <summary>
    /// A store's name: the remotes, and whose objects they show. Temporary keys, which change with each job of a CI, are no part of it.
    /// </summary>
    public static string OfStore(ProxyOptions options) => Hash(
        null,
    [
        string.Create(CultureInfo.InvariantCulture, $"{options.Cache.ChunkSize} {options.Cache.ChunkThreshold}"),
        .. options.Remotes.SelectMany(static remote => (string[])
        [
            remote.Name, remote.Endpoint?.AbsoluteUri ?? $"AWS {remote.Region}", remote.Unmapped.ToString(), Who(remote),
            .. remote.Mapping.Select(static place => $"{place.Here}:{place.There}"),
        ]),
    ]);

    private static string Who(RemoteOptions remote) =>
        remote.IsAnonymous ? "anyone"
        : remote.Profile is { } profile ? "profile " + profile
        : remote.AccessKeyId is not null ? "key " + (remote.SessionToken is null ? remote.AccessKeyId : "")
        : $"chain {Variable("AWS_PROFILE")} {Variable("AWS_ROLE_ARN")} "
            + (Variable("AWS_SESSION_TOKEN").Length == 0 ? Variable("AWS_ACCESS_KEY_ID") : "");

    private static IEnumerable<string> ChainInputs()
    {
        foreach (var variable in Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .OrderBy(static variable => (string)variable.Key, StringComparer.Ordinal))
        {
            var name = (string)variable.Key;
            if (name is "HOME" or "USERPROFILE" or "HTTPS_PROXY" || IsOfChain(name))
            {
                yield return $"{name}={variable.Value}";
            }
        }

        var home = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".aws");
        foreach (var (setting, file) in ((string, string)[])
            [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")])
        {
            var info = new FileInfo(Variable(setting) is { Length: > 0 } chosen ? chosen : Path.Combine(home, file));
            yield return !info.Exists ? file
                : string.Create(CultureInfo.InvariantCulture, $"{file} {info.Length} {info.LastWriteTimeUtc:O}");
        }
    }

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name) ?? "";

    private static string Hash(byte[]? salt, IEnumerable<string> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            // With lengths: no two lists have the same text.
            text.Append(CultureInfo.InvariantCulture, $"{part.Length}:{part}");
        }

        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        return Convert.ToHexStringLower(salt is null ? SHA256.HashData(bytes) : HMACSHA256.HashData(salt, bytes))[..24];
    }
}
