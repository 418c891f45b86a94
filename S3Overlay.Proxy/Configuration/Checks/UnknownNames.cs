namespace S3Overlay.Proxy.Configuration.Checks;

/// <summary>Finds <c>S3_OVERLAY_*</c> names that no setting has: a typing error would otherwise pass for the default.</summary>
internal static class UnknownNames
{
    private const string Prefix = "S3_OVERLAY_";

    public static void Warn(IConfiguration configuration, IReadOnlyCollection<string> known, ConfigurationProblems problems)
    {
        // Which remotes there are is not known then: their settings have no names of their own.
        var areRemotesUnread = problems.Errors.Any(static error => error.Setting == Settings.Remotes.Name);
        foreach (var (name, _) in configuration.AsEnumerable())
        {
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && !known.Contains(name, StringComparer.OrdinalIgnoreCase)
                && !(areRemotesUnread && RemoteSettings.RemoteOf(name) is not null))
            {
                var nearest = known.MinBy(candidate => Distance(name.ToUpperInvariant(), candidate))!;
                var distance = Distance(name.ToUpperInvariant(), nearest);
                var hint = RemoteSettings.RemoteOf(name) is { } remote && (distance > 2 || RemoteSettings.RemoteOf(nearest) is null)
                    ? $" {Settings.Remotes.Name} does not name a remote \"{remote.ToLowerInvariant()}\"."
                    : distance <= 4 ? $" Did you mean {nearest}?" : "";
                problems.Warning(name, null, $"there is no such setting, it is ignored.{hint}");
            }
        }
    }

    /// <summary>How many letters must be put in, taken out or changed to get from one word to the other (Levenshtein).</summary>
    private static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 0; i < from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i + 1;
            for (var j = 0; j < to.Length; j++)
            {
                var change = diagonal + (from[i] == to[j] ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(change, 1 + Math.Min(row[j], diagonal));
            }
        }

        return row[to.Length];
    }
}
