namespace S3Overlay.Proxy.Configuration;

/// <summary>A setting: its name, default, parser, help, and the option it fills.</summary>
/// <param name="Name">The name in the environment and on the command line.</param>
/// <param name="Area">The heading in the documentation.</param>
/// <param name="Default">The default, as a user would write it; null if there is none.</param>
/// <param name="Description">Help, for the program and for <c>docs/configuration.md</c>.</param>
public abstract record Setting(string Name, string Area, string? Default, string Description)
{
    /// <summary>Other names, looked up after <see cref="Name"/>.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Earlier names, which still work and are not documented.</summary>
    public IReadOnlyList<string> OldNames { get; init; } = [];

    /// <summary>Whether each remote of <c>S3_OVERLAY_REMOTES</c> has this setting too, with the remote's name in it.</summary>
    internal bool IsPerRemote { get; init; }

    /// <summary>Help for such a remote, if it differs from <see cref="Description"/>.</summary>
    internal string? NamedDescription { get; init; }

    /// <summary>Whether the value is never shown.</summary>
    public bool IsSecret { get; init; }

    /// <summary>Parses and checks a value.</summary>
    /// <exception cref="FormatException">The value is invalid; the message says what to write.</exception>
    internal abstract object? ParseValue(string text);

    /// <summary>The setting's row in <c>docs/configuration.md</c>.</summary>
    public string DocumentationRow
    {
        get
        {
            var aliases = Aliases.Count == 0 ? "" : $" (also {string.Join(", ", Aliases.Select(alias => $"`{alias}`"))})";
            return $"| `{Name}`{aliases} | {(Default is null ? "" : $"`{Default}`")} | {Description} |";
        }
    }
}

/// <summary>A setting of type <typeparamref name="T"/>.</summary>
/// <param name="Name">The name in the environment and on the command line.</param>
/// <param name="Area">The heading in the documentation.</param>
/// <param name="Default">The default, as a user would write it; null for the default of <typeparamref name="T"/>.</param>
/// <param name="Description">Help, for the program and for <c>docs/configuration.md</c>.</param>
/// <param name="Parse">Parses and checks a value. A <see cref="FormatException"/> says what to write.</param>
public record Setting<T>(string Name, string Area, string? Default, string Description, Func<string, T> Parse)
    : Setting(Name, Area, Default, Description)
{
    /// <summary>The value if nothing is set.</summary>
    public T DefaultValue => Default is null ? default! : Parse(Default);

    /// <inheritdoc/>
    internal override object? ParseValue(string text) => Parse(text);
}

/// <summary>A setting that fills one option.</summary>
internal sealed record Setting<TOptions, T>(
    string Name, string Area, string? Default, string Description, Func<string, T> Parse, Func<TOptions, T, TOptions> Assign)
    : Setting<T>(Name, Area, Default, Description, Parse), IFills<TOptions>
{
    public TOptions Fill(TOptions options, object? value) => Assign(options, (T)value!);
}

/// <summary>Lets a reader fill options without the type of each setting.</summary>
internal interface IFills<TOptions>
{
    TOptions Fill(TOptions options, object? value);
}
