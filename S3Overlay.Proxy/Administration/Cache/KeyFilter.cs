using System.Text;
using System.Text.RegularExpressions;

namespace S3Overlay.Proxy.Administration.Cache;

/// <summary>Chooses keys by patterns, as rclone and git write them.</summary>
/// <remarks>
/// <code>
///   *      any characters but /          *.parquet     also below folders: a pattern without / is compared with the last segment
///   **     any characters                logs/**       everything below logs/
///   ?      one character but /           img-?.png
///   {a,b}  one of several                *.{jpg,png}
/// </code>
/// </remarks>
public sealed class KeyFilter
{
    /// <summary>Patterns are from clients: one that would take long to compare is given up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly (Regex Pattern, bool IsOfName)[] _included;
    private readonly (Regex Pattern, bool IsOfName)[] _excluded;

    /// <summary>A filter.</summary>
    /// <param name="include">A key must match one of these; none for all keys.</param>
    /// <param name="exclude">A key that matches one of these is left out.</param>
    /// <exception cref="FormatException">A pattern is empty, or has a brace that is not closed.</exception>
    public KeyFilter(IEnumerable<string> include, IEnumerable<string> exclude) =>
        (_included, _excluded) = ([.. include.Select(Parse)], [.. exclude.Select(Parse)]);

    /// <summary>Leaves nothing out.</summary>
    public static KeyFilter All { get; } = new([], []);

    /// <summary>True if the key is chosen.</summary>
    public bool Has(string key)
    {
        var name = key[(key.LastIndexOf('/') + 1)..];
        return (_included.Length == 0 || Array.Exists(_included, Matches)) && !Array.Exists(_excluded, Matches);

        bool Matches((Regex Pattern, bool IsOfName) pattern) => pattern.Pattern.IsMatch(pattern.IsOfName ? name : key);
    }

    private static (Regex Pattern, bool IsOfName) Parse(string pattern)
    {
        if (pattern.Length == 0)
        {
            throw new FormatException("A pattern is empty.");
        }

        var text = new StringBuilder("^");
        var depth = 0;
        for (var at = 0; at < pattern.Length; at++)
        {
            var isDouble = pattern.AsSpan(at).StartsWith("**");
            text.Append(pattern[at] switch
            {
                '*' when isDouble => ".*",
                '*' => "[^/]*",
                '?' => "[^/]",
                '{' => "(?:",
                '}' when depth > 0 => ")",
                ',' when depth > 0 => "|",
                var other => Regex.Escape(other.ToString()),
            });
            depth += pattern[at] switch { '{' => 1, '}' when depth > 0 => -1, _ => 0 };
            at += isDouble ? 1 : 0;
        }

        return depth == 0
            ? (new Regex(text.Append("\\z").ToString(),
                RegexOptions.Singleline | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, Patience),
                !pattern.Contains('/', StringComparison.Ordinal))
            : throw new FormatException($"The pattern {pattern} has a brace that is not closed.");
    }
}
