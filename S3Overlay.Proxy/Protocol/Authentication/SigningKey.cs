using System.Security.Cryptography;
using System.Text;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>The key that signs for one access key on one day, in one region, for one service.</summary>
public sealed class SigningKey
{
    private readonly byte[] _key;
    private readonly string _secret;
    private IncrementalHash? _ready;

    private SigningKey(byte[] key, string secret)
    {
        _key = key;
        _secret = secret;
    }

    /// <summary>Derives the key.</summary>
    /// <param name="secret">The secret access key.</param>
    /// <param name="date">The scope's date, <c>20130524</c>.</param>
    /// <param name="region">The scope's region.</param>
    /// <param name="service">The scope's service.</param>
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

    /// <summary>Whether the key was derived from this secret: an access key's secret can change while the day goes on.</summary>
    public bool IsOf(string secret) =>
        ReferenceEquals(secret, _secret) || string.Equals(secret, _secret, StringComparison.Ordinal);

    /// <summary>The signature of some bytes, 32 bytes.</summary>
    public void Sign(ReadOnlySpan<byte> message, Span<byte> signature)
    {
        // A prepared HMAC costs half of a fresh one, but serves one thread at a time; whoever finds it taken computes afresh.
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

    /// <summary>Makes ready for many signatures: done for keys that are kept.</summary>
    internal void Prepare() => _ready ??= IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);

    private static void Step(ReadOnlySpan<byte> key, ReadOnlySpan<char> text, Span<byte> result)
    {
        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        HMACSHA256.HashData(key, bytes, result);
    }
}
