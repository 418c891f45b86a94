using System.Collections.Concurrent;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>
/// Takes lists of signed headers apart, and remembers those of requests that were right: clients send the same few all day.
/// </summary>
internal sealed class SignedHeaderNames
{
    private const int Capacity = 256;

    private readonly ConcurrentDictionary<string, string[]> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string[]>.AlternateLookup<ReadOnlySpan<char>> _byText;

    public SignedHeaderNames() => _byText = _known.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The names of a list.</summary>
    /// <param name="list">The names with semicolons between.</param>
    /// <param name="isKnown">Whether the list is remembered already.</param>
    /// <returns>Null where something in it cannot be the lower-case name of a header.</returns>
    public string[]? Read(ReadOnlySpan<char> list, out bool isKnown)
    {
        isKnown = _byText.TryGetValue(list, out var known);
        if (isKnown)
        {
            return known;
        }

        var names = list.ToString().Split(';');
        foreach (var name in names)
        {
            if (name.Length == 0 || name.AsSpan().ContainsAny('\r', '\n', ':') || !System.Text.Ascii.IsValid(name)
                || name.Any(char.IsAsciiLetterUpper))
            {
                return null;
            }
        }

        return names;
    }

    /// <summary>Remembers a list.</summary>
    public void Keep(ReadOnlySpan<char> list, string[] names)
    {
        if (_known.Count < Capacity)
        {
            _byText.TryAdd(list, names);
        }
    }
}
