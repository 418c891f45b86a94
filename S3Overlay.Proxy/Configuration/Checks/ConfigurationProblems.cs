namespace S3Overlay.Proxy.Configuration.Checks;

/// <summary>A problem with one setting.</summary>
/// <param name="Setting">The name it was set under.</param>
/// <param name="Value">The value; null if there is none, or it is secret.</param>
/// <param name="Message">What is wrong and what to do.</param>
public sealed record ConfigurationProblem(string Setting, string? Value, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => Value is null ? $"{Setting}: {Message}" : $"{Setting} = \"{Value}\": {Message}";
}

/// <summary>All problems with the settings. Errors prevent the start; warnings are logged.</summary>
public sealed class ConfigurationProblems
{
    private readonly List<ConfigurationProblem> _errors = [];
    private readonly List<ConfigurationProblem> _warnings = [];

    /// <summary>Problems that prevent the start.</summary>
    public IReadOnlyList<ConfigurationProblem> Errors => _errors;

    /// <summary>Likely mistakes.</summary>
    public IReadOnlyList<ConfigurationProblem> Warnings => _warnings;

    /// <summary>Adds an error.</summary>
    public void Error(string setting, string? value, string message) => _errors.Add(new(setting, value, message));

    /// <summary>Adds a warning.</summary>
    public void Warning(string setting, string? value, string message) => _warnings.Add(new(setting, value, message));

    /// <summary>All errors, and the warnings: a misspelt name is often why another setting is wrong.</summary>
    public string Describe() => string.Join(Environment.NewLine,
    [
        _errors.Count == 1 ? "S3Overlay cannot start: a setting is wrong." : $"S3Overlay cannot start: {_errors.Count} settings are wrong.",
        .. _errors.Select(static error => $"  {error}"),
        .. _warnings.Select(static warning => $"  (also) {warning}"),
        "All settings: docs/configuration.md, or the command \"help\".",
    ]);
}
