namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>The signature that a request claims, parsed but not checked.</summary>
internal ref struct SignatureClaim
{
    /// <summary><c>access key/date/region/service/aws4_request</c>, as sent.</summary>
    public ReadOnlySpan<char> Credential;

    public ReadOnlySpan<char> AccessKey;

    public ReadOnlySpan<char> Date;

    public ReadOnlySpan<char> Region;

    public ReadOnlySpan<char> Service;

    /// <summary>The names of the signed headers, separated by semicolons.</summary>
    public ReadOnlySpan<char> SignedHeaders;

    /// <summary>In hex, as sent.</summary>
    public ReadOnlySpan<char> Signature;

    /// <summary>The time in its signed form.</summary>
    public string Time;

    /// <summary>The payload hash, or the name used in its place.</summary>
    public string PayloadHash;

    /// <summary>Whether the signature came in the query.</summary>
    public bool IsPresigned;

    /// <summary>The credential without its terminator: the cache key of signing keys.</summary>
    public readonly ReadOnlySpan<char> KeyName => Credential[..^(SigV4.Terminator.Length + 1)];

    /// <summary><c>date/region/service/aws4_request</c>.</summary>
    public readonly ReadOnlySpan<char> Scope => Credential[(AccessKey.Length + 1)..];

    /// <summary>Parses a credential, from its end since an access key may contain a slash. False unless it has five parts.</summary>
    public bool TrySetCredential(ReadOnlySpan<char> credential)
    {
        Credential = credential;
        var rest = credential;
        if (!TryTakeLast(ref rest, out var terminator)
            || !terminator.SequenceEqual(SigV4.Terminator)
            || !TryTakeLast(ref rest, out Service)
            || !TryTakeLast(ref rest, out Region)
            || !TryTakeLast(ref rest, out Date))
        {
            return false;
        }

        AccessKey = rest;
        return !AccessKey.IsEmpty && Date.Length == 8;
    }

    private static bool TryTakeLast(scoped ref ReadOnlySpan<char> text, out ReadOnlySpan<char> part)
    {
        var slash = text.LastIndexOf('/');
        part = slash < 0 ? default : text[(slash + 1)..];
        text = slash < 0 ? text : text[..slash];
        return slash >= 0;
    }
}
