namespace S3Overlay.Proxy.Hosting.Run;

/// <summary>Environment variables as commands of a shell.</summary>
internal static class ShellText
{
    /// <summary>The shells.</summary>
    public static readonly IReadOnlyList<string> Shells = ["bash", "fish", "powershell"];

    /// <summary>One line for each variable to set, and for each to remove. Values are quoted: the shell takes them as they are.</summary>
    public static IEnumerable<string> Of(string shell, IEnumerable<KeyValuePair<string, string>> set, IEnumerable<string> remove)
    {
        Func<string, string, string> assign = shell switch
        {
            "bash" => static (name, value) => $"export {name}='{value.Replace("'", "'\\''", StringComparison.Ordinal)}'",
            "fish" => static (name, value) =>
                $"set -gx {name} '{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'",
            _ => static (name, value) => $"$env:{name} = '{WithoutEnd(value)}'",
        };
        Func<string, string> delete = shell switch
        {
            "bash" => static name => $"unset {name}",
            "fish" => static name => $"set -e {name}",
            _ => static name => $"Remove-Item Env:{name}",
        };
        return [.. set.Select(pair => assign(pair.Key, pair.Value)), .. remove.Select(delete)];
    }

    /// <summary>PowerShell ends a text at typographic quotes too, and takes two in a row for one.</summary>
    private static string WithoutEnd(string value) => string.Concat(value.Select(
        static each => each is '\'' or '\u2018' or '\u2019' or '\u201A' or '\u201B' ? $"{each}{each}" : $"{each}"));
}
