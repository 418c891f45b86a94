using S3Overlay.Proxy.Configuration.Values;

namespace S3Overlay.Proxy.Configuration.Checks;

/// <summary>Finds <c>S3_OVERLAY_*</c> names that no setting has: with a typing error, the default would apply silently.</summary>
internal static class UnknownNames
{
    private const string Prefix = "S3_OVERLAY_";

    /// <summary>Settings that were removed, and the remedy. Ignoring one would put data elsewhere than its user expects.</summary>
    private static readonly Dictionary<string, string> Removed = new(StringComparer.OrdinalIgnoreCase)
    {
        ["S3_OVERLAY_CACHE_PLACE"] = "was removed. Cache entries on an S3 endpoint are always in the cache bucket. "
            + $"Unset it, and choose the bucket with {Settings.CacheBucket.Name}.",
    };

    public static void Warn(IConfiguration configuration, IReadOnlyCollection<string> known, ConfigurationProblems problems)
    {
        // The names of the remotes are then unknown, so their settings cannot be recognized.
        var areRemotesUnread = problems.Errors.Any(static error => error.Setting == Settings.Remotes.Name);
        foreach (var (name, value) in configuration.AsEnumerable())
        {
            if (!string.IsNullOrWhiteSpace(value) && Removed.TryGetValue(name, out var remedy))
            {
                problems.Error(name, value, remedy);
                continue;
            }

            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && !known.Contains(name, StringComparer.OrdinalIgnoreCase)
                && !Settings.All.Any(setting => setting.OldNames.Contains(name, StringComparer.OrdinalIgnoreCase))
                && !(areRemotesUnread && RemoteSettings.RemoteOf(name) is not null))
            {
                var nearest = Spelling.Nearest(name, known, Prefix.Length);
                var hint = RemoteSettings.RemoteOf(name) is { } remote && (nearest is null || RemoteSettings.RemoteOf(nearest) is null)
                    ? $" {Settings.Remotes.Name} does not name a remote \"{remote.ToLowerInvariant()}\"."
                    : nearest is not null ? $" Did you mean {nearest}?" : "";
                problems.Warning(name, null, $"there is no such setting, it is ignored.{hint}");
            }
        }
    }
}
