using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Encryption;

/// <summary>The server's keys: the master keys of SSE-S3, and the named keys of SSE-KMS.</summary>
public sealed class ServerKeys
{
    private readonly Dictionary<string, WrappingKey> _masters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WrappingKey> _named = new(StringComparer.Ordinal);

    /// <param name="masters">Master keys of 32 bytes. The first encrypts; the others only decrypt what they encrypted before.</param>
    /// <param name="named">Keys of 32 bytes by the name that clients use.</param>
    public ServerKeys(IReadOnlyList<byte[]> masters, IReadOnlyDictionary<string, byte[]> named)
    {
        foreach (var secret in masters)
        {
            var key = new WrappingKey(KeyKind.Master, WrappingKey.FingerprintOf(secret), secret);
            Master ??= key;
            _masters[key.Name] = key;
        }

        foreach (var (name, secret) in named)
        {
            _named[name] = new WrappingKey(KeyKind.Named, name, secret);
        }
    }

    /// <summary>No keys: SSE-S3 and SSE-KMS are not available.</summary>
    public static ServerKeys None { get; } = new([], new Dictionary<string, byte[]>());

    /// <summary>The master key for new objects; null if there is none.</summary>
    internal WrappingKey? Master { get; }

    /// <summary>True if there is any key for SSE-KMS.</summary>
    internal bool HasNamed => _named.Count > 0;

    /// <summary>A key of SSE-KMS; null if there is none of that name.</summary>
    internal WrappingKey? Named(string name) => _named.GetValueOrDefault(name);

    /// <summary>The key that an envelope was made with; null if the server does not have it.</summary>
    internal WrappingKey? Of(KeyEnvelope envelope) => envelope.Kind switch
    {
        KeyKind.Master => _masters.GetValueOrDefault(envelope.KeyName),
        KeyKind.Named => _named.GetValueOrDefault(envelope.KeyName),
        _ => null,
    };
}
