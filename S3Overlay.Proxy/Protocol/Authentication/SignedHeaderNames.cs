using System.Collections.Concurrent;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>Parses lists of signed headers and caches those of valid requests: clients send the same few lists over and over.</summary>
internal sealed class SignedHeaderNames
{
    private const int Capacity = 256;

    private readonly ConcurrentDictionary<string, string[]> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string[]>.AlternateLookup<ReadOnlySpan<char>> _byText;

    public SignedHeaderNames() => _byText = _known.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Parses a list.</summary>
    /// <param name="list">The names, separated by semicolons.</param>
    /// <param name="isKnown">Whether the list was cached.</param>
    /// <returns>Null if a name cannot be that of a header in lower case.</returns>
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

    /// <summary>Caches a list.</summary>
    public void Keep(ReadOnlySpan<char> list, string[] names)
    {
        if (_known.Count < Capacity)
        {
            _byText.TryAdd(list, names);
        }
    }
}
