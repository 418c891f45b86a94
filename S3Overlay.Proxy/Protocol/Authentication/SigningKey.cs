using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>The signing key of one access key for one day, region and service.</summary>
public sealed class SigningKey
{
    private readonly byte[] _key;
    private readonly string _secret;
    private IncrementalHash? _ready;

    private SigningKey(byte[] key, string secret) => (_key, _secret) = (key, secret);

    /// <summary>Derives the key.</summary>
    /// <param name="date">The date of the scope, <c>20130524</c>.</param>
    public static SigningKey Derive(string secret, ReadOnlySpan<char> date, ReadOnlySpan<char> region, ReadOnlySpan<char> service)
    {
        var key = new byte[SHA256.HashSizeInBytes];
        var start = Encoding.UTF8.GetBytes("AWS4" + secret);
        Step(start, date, key);
        Step(key, region, key);
        Step(key, service, key);
        Step(key, SigV4.Terminator, key);
        CryptographicOperations.ZeroMemory(start);
        return new(key, secret);
    }

    /// <summary>Whether the key was derived from this secret, which can change during the day.</summary>
    public bool IsOf(string secret) => ReferenceEquals(secret, _secret) || string.Equals(secret, _secret, StringComparison.Ordinal);

    /// <summary>Writes the signature of a message, 32 bytes.</summary>
    public void Sign(ReadOnlySpan<byte> message, Span<byte> signature)
    {
        // A prepared HMAC costs half as much as a new one, but only one thread can use it. Others compute from scratch.
        var ready = Interlocked.Exchange(ref _ready, null);
        if (ready is null)
        {
            HMACSHA256.HashData(_key, message, signature);
            return;
        }

        ready.AppendData(message);
        ready.GetHashAndReset(signature);
        Interlocked.Exchange(ref _ready, ready);
    }

    /// <summary>Prepares for many signatures. Done for cached keys.</summary>
    internal void Prepare() => _ready ??= IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);

    private static void Step(ReadOnlySpan<byte> key, ReadOnlySpan<char> text, Span<byte> result)
    {
        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        HMACSHA256.HashData(key, bytes, result);
    }

    /// <summary>Caches derived signing keys, which saves four HMACs a request.</summary>
    /// <remarks>Keyed by <c>access key/date/region/service</c>, as the request writes it, so that a lookup allocates no string.</remarks>
    public sealed class Cache
    {
        private const int Capacity = 1024;

        private readonly ConcurrentDictionary<string, SigningKey> _keys = new(StringComparer.Ordinal);
        private readonly ConcurrentDictionary<string, SigningKey>.AlternateLookup<ReadOnlySpan<char>> _byText;

        /// <summary>An empty cache.</summary>
        public Cache() => _byText = _keys.GetAlternateLookup<ReadOnlySpan<char>>();

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
}
