namespace S3Overlay.Proxy.Configuration;

/// <summary>One setting as the table, the help text and <c>docs/configuration.md</c> know it.</summary>
/// <param name="Name">Its name in the environment and on the command line.</param>
/// <param name="Area">The heading it stands under.</param>
/// <param name="Default">What holds where it is not set, as one would write it; null where there is no such text.</param>
/// <param name="Description">One line for people.</param>
public abstract record Setting(string Name, string Area, string? Default, string Description)
{
    /// <summary>Further names, of predecessors and of AWS, that are looked at after <see cref="Name"/>.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Earlier names, which still work and are not documented.</summary>
    public IReadOnlyList<string> OldNames { get; init; } = [];

    /// <summary>Whether the value may never be shown.</summary>
    public bool IsSecret { get; init; }

    /// <summary>Reads a value as the setting's type.</summary>
    /// <exception cref="FormatException">What is wrong with it.</exception>
    internal abstract object? ParseValue(string text);

    /// <summary>The setting's row in the documentation.</summary>
    public string DocumentationRow
    {
        get
        {
            var aliases = Aliases.Count == 0 ? "" : $" (also {string.Join(", ", Aliases.Select(alias => $"`{alias}`"))})";
            return $"| `{Name}`{aliases} | {(Default is null ? "" : $"`{Default}`")} | {Description} |";
        }
    }
}

/// <summary>A setting with the type it is read as.</summary>
/// <param name="Name">Its name in the environment and on the command line.</param>
/// <param name="Area">The heading it stands under.</param>
/// <param name="Default">What holds where it is not set, in the form <paramref name="Parse"/> reads; null for the type's own
/// default.</param>
/// <param name="Description">One line for people.</param>
/// <param name="Parse">Reads a value. A <see cref="FormatException"/> says what is wrong with it and what to write instead.</param>
public sealed record Setting<T>(string Name, string Area, string? Default, string Description, Func<string, T> Parse)
    : Setting(Name, Area, Default, Description)
{
    /// <summary>The value where nothing is set.</summary>
    public T DefaultValue => Default is null ? default! : Parse(Default);

    /// <inheritdoc/>
    internal override object? ParseValue(string text) => Parse(text);
}
