using System.Text;

namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>A text of a policy with <c>*</c> and <c>?</c> as wildcards, and with variables such as <c>${aws:username}</c>.</summary>
/// <remarks>https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html</remarks>
public sealed class PolicyPattern
{
    // Wildcards as characters that no valid text holds: halves of surrogate pairs the wrong way round.
    private const char Many = '\uDFFF';
    private const char One = '\uDFFE';

    private readonly string _text;
    private readonly bool _hasWildcards;
    private readonly bool _ignoresCase;
    private readonly string? _compiled;

    /// <summary>Reads a pattern.</summary>
    /// <param name="text">The text as in the policy.</param>
    /// <param name="hasWildcards">False if <c>*</c> and <c>?</c> are plain characters.</param>
    /// <param name="hasVariables">False if <c>${</c> is plain text, as in policies of version 2008-10-17.</param>
    /// <param name="ignoresCase">Whether case does not count.</param>
    /// <exception cref="FormatException">A variable is unknown or not closed.</exception>
    public PolicyPattern(string text, bool hasWildcards, bool hasVariables, bool ignoresCase = false)
    {
        (_text, _hasWildcards, _ignoresCase) = (text, hasWildcards, ignoresCase);
        if (!hasVariables || !text.Contains("${", StringComparison.Ordinal))
        {
            _compiled = Plain(text);
            return;
        }

        if (Compile(static _ => "") is null)
        {
            throw new FormatException(text);
        }
    }

    /// <summary>The text as in the policy.</summary>
    public string Text => _text;

    /// <summary>Whether it matches more than one text.</summary>
    public bool IsWide => _compiled is null || (_hasWildcards && _compiled.AsSpan().ContainsAny(Many, One));

    /// <summary>Whether the whole text matches. A pattern with a variable that has no value matches nothing.</summary>
    /// <param name="text">The text.</param>
    /// <param name="values">The values of variables.</param>
    public bool Matches(string text, ConditionValues values) =>
        (_compiled ?? Compile(name => values(name) is [var value] ? value : null)) is { } pattern && Matches(pattern, text, _ignoresCase);

    private string Plain(string text) =>
        _hasWildcards ? text.Replace('*', Many).Replace('?', One) : text;

    /// <summary>With the values of variables in place; null if one has none.</summary>
    private string? Compile(Func<string, string?> values)
    {
        var built = new StringBuilder();
        var at = 0;
        while (_text.IndexOf("${", at, StringComparison.Ordinal) is >= 0 and var start)
        {
            built.Append(Plain(_text[at..start]));
            var end = _text.IndexOf('}', start);
            if (end < 0)
            {
                throw new FormatException(_text);
            }

            var name = _text[(start + 2)..end];
            if (name is "*" or "?" or "$")
            {
                built.Append(name);
            }
            else if (!ConditionKeys.IsKnown(name))
            {
                throw new FormatException(name);
            }
            else if (values(name) is { } value)
            {
                built.Append(value);
            }
            else
            {
                return null;
            }

            at = end + 1;
        }

        return built.Append(Plain(_text[at..])).ToString();
    }

    /// <summary>
    /// Goes back only to the last <c>*</c>: in the worst case the product of both lengths, and policies have at most 20 KiB.
    /// </summary>
    private static bool Matches(string pattern, string text, bool ignoresCase)
    {
        int p = 0, t = 0, star = -1, mark = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == Many)
            {
                (star, mark) = (p++, t);
            }
            else if (p < pattern.Length && (pattern[p] == One || pattern[p] == text[t]
                || (ignoresCase && char.ToLowerInvariant(pattern[p]) == char.ToLowerInvariant(text[t]))))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++mark;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == Many)
        {
            p++;
        }

        return p == pattern.Length;
    }
}

/// <summary>The values of a condition key in one request; null or empty if the request has none.</summary>
/// <param name="key">The key, such as <c>aws:SourceIp</c>. Case does not count before a slash.</param>
public delegate IReadOnlyList<string>? ConditionValues(string key);
