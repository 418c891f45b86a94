using S3Overlay.Proxy.Configuration.Checks;

namespace S3Overlay.Proxy.Configuration.Reading;

/// <summary>Looks all settings up under their names, whatever the case, and notes what is wrong with them.</summary>
internal sealed class SettingValues
{
    private readonly IConfiguration _configuration;
    private readonly Dictionary<Setting, object?> _values = [];
    private readonly HashSet<string> _names = new(StringComparer.OrdinalIgnoreCase);

    public SettingValues(IConfiguration configuration, ConfigurationProblems problems)
    {
        _configuration = configuration;
        Add(Settings.All, problems);
    }

    /// <summary>The names of all settings that are looked up.</summary>
    public IReadOnlyCollection<string> Names => _names;

    /// <summary>Looks further settings up.</summary>
    public void Add(IEnumerable<Setting> settings, ConfigurationProblems problems)
    {
        foreach (var setting in settings)
        {
            _names.Add(setting.Name);
            if (Find(setting) is var (name, text))
            {
                Read(setting, name, text, problems);
            }
        }
    }

    /// <summary>The value; the default where it is not set, or cannot be read (which is then among the errors).</summary>
    public T Get<T>(Setting<T> setting) => _values.TryGetValue(setting, out var value) ? (T)value! : setting.DefaultValue;

    /// <summary>Whether the setting was given, under any of its names.</summary>
    public bool Has(Setting setting) => Find(setting) is not null;

    /// <summary>Whether the setting was given under its own name.</summary>
    public bool HasOwn(Setting setting) => Text(setting.Name) is not null;

    /// <summary>The name it was given under, else its own.</summary>
    public string NameOf(Setting setting) => Find(setting)?.Name ?? setting.Name;

    /// <summary>A value outside the table; null where it is not set. An empty value counts as not set, as compose files write it.</summary>
    public string? Text(string name) => _configuration[name] is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;

    private void Read(Setting setting, string name, string text, ConfigurationProblems problems)
    {
        var shown = setting.IsSecret ? null : WithoutPassword(setting, text);
        try
        {
            _values[setting] = setting.ParseValue(text);
        }
        catch (FormatException problem)
        {
            // It may quote the value, or a part of it.
            problems.Error(name, shown, WithoutPassword(setting, problem.Message));
        }
    }

    /// <summary>
    /// A value as it may be shown: who writes keys into an address, where they do not belong, is not to find them in a log.
    /// </summary>
    private static string WithoutPassword(Setting setting, string text)
    {
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        var end = text.LastIndexOf('@');
        var start = scheme < 0 ? 0 : scheme + "://".Length;
        return end > start && (scheme >= 0 || setting is Setting<Uri?>) ? string.Concat(text.AsSpan(0, start), "...", text.AsSpan(end))
            : text;
    }

    private (string Name, string Text)? Find(Setting setting)
    {
        foreach (var name in setting.Aliases.Concat(setting.OldNames).Prepend(setting.Name))
        {
            if (Text(name) is { } text)
            {
                return (name, text);
            }
        }

        return null;
    }
}
