using System.Collections.Concurrent;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>Caches derived signing keys, which saves four HMACs a request.</summary>
/// <remarks>Keyed by <c>access key/date/region/service</c>, as the request writes it, so that a lookup allocates no string.</remarks>
public sealed class SigningKeys
{
    private const int Capacity = 1024;

    private readonly ConcurrentDictionary<string, SigningKey> _keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SigningKey>.AlternateLookup<ReadOnlySpan<char>> _byText;

    /// <summary>An empty cache.</summary>
    public SigningKeys() => _byText = _keys.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The cached key of that name and secret, or null.</summary>
    public SigningKey? Find(ReadOnlySpan<char> name, string secret) =>
        _byText.TryGetValue(name, out var key) && key.IsOf(secret) ? key : null;

    /// <summary>Caches a key. A server caches only keys whose signature was right, so that strangers cannot fill the cache.</summary>
    public void Keep(ReadOnlySpan<char> name, SigningKey key)
    {
        if (_keys.Count >= Capacity)
        {
            // Keys expire daily: starting over once in a thousand is cheaper than tracking use.
            _keys.Clear();
        }

        key.Prepare();
        _byText[name] = key;
    }
}
