using System.Text;

namespace S3Overlay.Proxy.Configuration.Checks;

/// <summary>All that was found while the settings were read: errors keep the program from starting, warnings are logged.</summary>
public sealed class ConfigurationProblems
{
    private readonly List<ConfigurationProblem> _errors = [];
    private readonly List<ConfigurationProblem> _warnings = [];

    /// <summary>What must be mended first.</summary>
    public IReadOnlyList<ConfigurationProblem> Errors => _errors;

    /// <summary>What is likely not meant.</summary>
    public IReadOnlyList<ConfigurationProblem> Warnings => _warnings;

    /// <summary>Adds an error.</summary>
    public void Error(string setting, string? value, string message) => _errors.Add(new(setting, value, message));

    /// <summary>Adds a warning.</summary>
    public void Warning(string setting, string? value, string message) => _warnings.Add(new(setting, value, message));

    /// <summary>
    /// The errors, all at once, and what else is likely not meant, for a person at a terminal: a misspelt name is often why another setting
    /// is wrong.
    /// </summary>
    public string Describe()
    {
        var text = new StringBuilder();
        text.AppendLine(_errors.Count == 1
            ? "S3Overlay cannot start: a setting is wrong."
            : $"S3Overlay cannot start: {_errors.Count} settings are wrong.");
        foreach (var error in _errors)
        {
            text.Append("  ").AppendLine(error.ToString());
        }

        foreach (var warning in _warnings)
        {
            text.Append("  (also) ").AppendLine(warning.ToString());
        }

        text.Append("All settings: docs/configuration.md, or the command \"help\".");
        return text.ToString();
    }
}
