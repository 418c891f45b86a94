namespace S3Overlay.Hosting;

/// <summary>
/// The remotes of an overlay that have names, and what each of them has, as the proxy's settings say it (docs/configuration.md, "Several
/// remotes").
/// </summary>
internal sealed class NamedRemotes
{
    private readonly List<(string Name, string Backs)> _remotes = [];

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => _remotes.Count == 0;

    /// <summary>The proxy's settings for them; without their connection strings, whose names are <see cref="ConnectionOf"/>.</summary>
    public IEnumerable<KeyValuePair<string, string>> Settings => IsEmpty
        ? []
        : _remotes.Select(remote => KeyValuePair.Create($"S3_OVERLAY_REMOTE_{SettingOf(remote.Name)}_BACKS", remote.Backs))
            .Prepend(new("S3_OVERLAY_REMOTES", string.Join(',', _remotes.Select(remote => remote.Name))));

    /// <summary>What the connection string of a remote is called.</summary>
    public static string ConnectionOf(string name) => $"remote_{name}";

    /// <summary>Adds one.</summary>
    /// <param name="name">Its name: letters, digits, <c>-</c> and <c>_</c>, a letter first.</param>
    /// <param name="backs">What it has, each as the setting writes it.</param>
    /// <exception cref="ArgumentException">The setting could not hold it, or there is such a name already.</exception>
    public void Add(string name, IReadOnlyList<string> backs)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (!char.IsAsciiLetter(name[0]) || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
        {
            throw new ArgumentException($"\"{name}\" is no name of a remote: write letters, digits, - and _, a letter first.",
                nameof(name));
        }

        if (_remotes.Exists(other => SettingOf(other.Name) == SettingOf(name)))
        {
            throw new ArgumentException($"There is a remote {name} already, or one that would have the same settings.", nameof(name));
        }

        if (backs.Count == 0 || backs.Any(static place => string.IsNullOrWhiteSpace(place) || place.AsSpan().IndexOfAny(",\n") >= 0
            || place.StartsWith('{')))
        {
            throw new ArgumentException(
                "Say what the remote has: bucket, bucket/prefix/, here:there, here/prefix/:there/other/, or *, each by itself.",
                nameof(backs));
        }

        _remotes.Add((name, string.Join(',', backs)));
    }

    private static string SettingOf(string name) => name.ToUpperInvariant().Replace('-', '_');
}
