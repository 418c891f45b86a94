using System.Collections.Concurrent;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>Signing keys that have been derived already: four HMACs saved on every request.</summary>
/// <remarks>
/// Named by <c>access key/date/region/service</c>, which is how the credential stands in a request, so that looking one up needs no
/// new string.
/// </remarks>
public sealed class SigningKeys
{
    private const int Capacity = 1024;

    private readonly ConcurrentDictionary<string, SigningKey> _keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SigningKey>.AlternateLookup<ReadOnlySpan<char>> _byText;

    /// <summary>An empty cache.</summary>
    public SigningKeys() => _byText = _keys.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The key of that name if it is known, and of that secret.</summary>
    public SigningKey? Find(ReadOnlySpan<char> name, string secret) =>
        _byText.TryGetValue(name, out var key) && key.IsOf(secret) ? key : null;

    /// <summary>Keeps a key. A server keeps only keys whose signature was right, so that strangers cannot fill the cache.</summary>
    public void Keep(ReadOnlySpan<char> name, SigningKey key)
    {
        if (_keys.Count >= Capacity)
        {
            // Keys die by the day; starting over once in a thousand is cheaper than keeping an order of use.
            _keys.Clear();
        }

        key.Prepare();
        _byText[name] = key;
    }
}
