using System.Collections;

using S3Overlay.Proxy.Configuration.Options;

namespace S3Overlay.Proxy.Hosting.Run.SharedCache;

/// <summary>
/// The environment of a shared proxy's process: what the runtime and the system need, and what the remotes need. It outlives the job that
/// starts it, so it has none of the job's secrets, and no mark by which a CI agent finds what a job left behind.
/// </summary>
internal static class CacheEnvironment
{
    private static readonly string[] Kept =
    [
        "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TMP", "TEMP", "LD_LIBRARY_PATH", "SSL_CERT_FILE",
        "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "USERPROFILE",
        "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA",
    ];

    private static readonly string[] KeptFamilies = ["LC_", "DOTNET_"];

    /// <summary>The variables of this process that a shared proxy gets, beside its settings.</summary>
    public static Dictionary<string, string?> Of(ProxyOptions options)
    {
        var usesChain = CacheIdentity.UsesChain(options);
        return Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(static variable => (Name: (string)variable.Key, Value: (string?)variable.Value))
            .Where(variable => (IsKept(variable.Name) || (usesChain && CacheIdentity.IsOfChain(variable.Name)))
                && !ClientVariables.IsSetting(variable.Name))
            .ToDictionary(static variable => variable.Name, static variable => variable.Value);
    }

    private static bool IsKept(string name) => Kept.Contains(name, StringComparer.OrdinalIgnoreCase)
        || Array.Exists(KeptFamilies, start => name.StartsWith(start, StringComparison.OrdinalIgnoreCase));
}
