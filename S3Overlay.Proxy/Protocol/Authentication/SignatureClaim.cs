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

    /// <summary>Whether an <c>Authorization</c> header is of version 4.</summary>
    public static bool IsHeader(string authorization) =>
        authorization.StartsWith(SigV4.Algorithm, StringComparison.Ordinal)
        && (authorization.Length == SigV4.Algorithm.Length || authorization[SigV4.Algorithm.Length] is ' ' or '\t' or ',');

    /// <summary>Reads credential, signed headers and signature of an <c>Authorization</c> header.</summary>
    /// <exception cref="S3Exception">AuthorizationHeaderMalformed.</exception>
    public void ReadHeader(ReadOnlySpan<char> authorization)
    {
        ReadOnlySpan<char> credential = default;
        foreach (var range in authorization[SigV4.Algorithm.Length..].Split(','))
        {
            var field = authorization[SigV4.Algorithm.Length..][range].Trim();
            var equals = field.IndexOf('=');
            if (equals < 0)
            {
                continue;
            }

            var value = field[(equals + 1)..].Trim();
            switch (field[..equals])
            {
                case "Credential":
                    Once(ref credential, value);
                    break;
                case "SignedHeaders":
                    Once(ref SignedHeaders, value);
                    break;
                case "Signature":
                    Once(ref Signature, value);
                    break;
            }
        }

        if (credential.IsEmpty)
        {
            throw Malformed("missing Credential.");
        }

        if (SignedHeaders.IsEmpty)
        {
            throw Malformed("missing SignedHeaders.");
        }

        if (Signature.IsEmpty)
        {
            throw Malformed("missing Signature.");
        }

        if (!TrySetCredential(credential))
        {
            throw Malformed("the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
        }
    }

    private static void Once(ref ReadOnlySpan<char> field, ReadOnlySpan<char> value)
    {
        if (!field.IsEmpty)
        {
            // Two readers of such a header could each trust a different half of it.
            throw Malformed("a field is given twice.");
        }

        field = value;
    }

    private static S3Exception Malformed(string why) =>
        new(S3Errors.AuthorizationHeaderMalformed, "The authorization header is malformed; " + why);

    private static bool TryTakeLast(scoped ref ReadOnlySpan<char> text, out ReadOnlySpan<char> part)
    {
        var slash = text.LastIndexOf('/');
        part = slash < 0 ? default : text[(slash + 1)..];
        text = slash < 0 ? text : text[..slash];
        return slash >= 0;
    }
}
