using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

using S3Overlay.Proxy.Configuration.Checks;

namespace S3Overlay.Proxy.Configuration.Reading;

/// <summary>The values of all settings. Names are case-insensitive. Invalid values become errors.</summary>
internal sealed class SettingValues
{
    private readonly Dictionary<Setting, object?> _values = [];
    private readonly List<Setting> _settings = [];
    private readonly HashSet<string> _names = new(StringComparer.OrdinalIgnoreCase);

    public SettingValues(IConfiguration configuration, ConfigurationProblems problems)
    {
        (Configuration, Problems) = (configuration, problems);
        Add(Settings.All);
    }

    public IConfiguration Configuration { get; }

    public ConfigurationProblems Problems { get; }

    /// <summary>The names of all known settings.</summary>
    public IReadOnlyCollection<string> Names => _names;

    /// <summary>
    /// Fills options from the settings that declare them. An option keeps its value if its setting has neither a value nor a default.
    /// </summary>
    public TOptions Fill<TOptions>(TOptions options, IEnumerable<Setting>? settings = null)
    {
        foreach (var setting in settings ?? Settings.All)
        {
            if (setting is IFills<TOptions> filling && (_values.ContainsKey(setting) || setting.Default is not null))
            {
                options = filling.Fill(options, _values.TryGetValue(setting, out var value) ? value : setting.ParseValue(setting.Default!));
            }
        }

        return options;
    }

    /// <summary>Adds settings, such as those of a named remote.</summary>
    public void Add(IEnumerable<Setting> settings)
    {
        foreach (var setting in settings)
        {
            _names.Add(setting.Name);
            _settings.Add(setting);
            if (Find(setting) is var (name, text))
            {
                Read(setting, name, text);
            }
        }
    }

    /// <summary>The value, or the default if it is not set or invalid.</summary>
    public T Get<T>(Setting<T> setting) => _values.TryGetValue(setting, out var value) ? (T)value! : setting.DefaultValue;

    /// <summary>Whether it is set, under any of its names.</summary>
    public bool Has(Setting setting) => Find(setting) is not null;

    /// <summary>Whether an access key and its secret are both set. Only one of them is an error.</summary>
    /// <param name="access">The access key.</param>
    /// <param name="secret">The secret key for it.</param>
    /// <param name="remedy">What to do if one is missing.</param>
    public bool HasPair(Setting access, Setting secret, string remedy = "Set both.")
    {
        if (Has(access) != Has(secret))
        {
            var (given, missing) = Has(access) ? (access, secret) : (secret, access);
            Problems.Error(NameOf(given), null, $"is set without {missing.Name}. {remedy}");
        }

        return Has(access) && Has(secret);
    }

    /// <summary>Whether it is set under its own name.</summary>
    public bool HasOwn(Setting setting) => Text(setting.Name) is not null;

    /// <summary>The name it is set under; its own if it is not set.</summary>
    public string NameOf(Setting setting) => Find(setting)?.Name ?? setting.Name;

    /// <summary>A raw value; null if it is not set. An empty value counts as not set: compose files write it that way.</summary>
    public string? Text(string name) => Configuration[name] is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;

    /// <summary>Every setting, named remotes' included, as people may see it.</summary>
    public IReadOnlyList<ShownSetting> Show() =>
        [.. _settings.Select(setting => Find(setting) is var (name, text)
            ? new ShownSetting(setting, setting.IsSecret ? null : WithoutPassword(setting, text), IsSet: true, SourceOf(name))
            : new ShownSetting(setting, setting.IsSecret ? null : setting.Default, IsSet: false, "default"))];

    /// <summary>Where a value comes from: the last source that has the name.</summary>
    private string SourceOf(string name) =>
        (Configuration as IConfigurationRoot)?.Providers.LastOrDefault(provider => provider.TryGet(name, out _)) switch
        {
            EnvironmentVariablesConfigurationProvider => $"environment, {name}",
            CommandLineConfigurationProvider => $"command line, {name}",
            FileConfigurationProvider { Source.Path: { } file } => $"{file}, {name}",
            _ => "set by the command",
        };

    private void Read(Setting setting, string name, string text)
    {
        var shown = setting.IsSecret ? null : WithoutPassword(setting, text);
        try
        {
            _values[setting] = setting.ParseValue(text);
        }
        catch (FormatException problem)
        {
            // It may quote the value, or a part of it.
            Problems.Error(name, shown, WithoutPassword(setting, problem.Message));
        }
    }

    /// <summary>The value without user and password, for messages.</summary>
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
        var found = setting.Aliases.Concat(setting.OldNames).Prepend(setting.Name).FirstOrDefault(name => Text(name) is not null);
        return found is null ? null : (found, Text(found)!);
    }
}
