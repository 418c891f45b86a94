namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>Reads the <c>Authorization</c> header of SigV4.</summary>
internal static class AuthorizationHeader
{
    /// <summary>Whether the header is a SigV4 one.</summary>
    public static bool IsSigV4(string authorization) =>
        authorization.StartsWith(SigV4.Algorithm, StringComparison.Ordinal)
        && (authorization.Length == SigV4.Algorithm.Length || authorization[SigV4.Algorithm.Length] is ' ' or '\t' or ',');

    /// <summary>Reads credential, signed headers and signature.</summary>
    /// <exception cref="S3Exception">AuthorizationHeaderMalformed.</exception>
    public static void Read(ReadOnlySpan<char> authorization, ref SignatureClaim claim)
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
                    Once(ref claim.SignedHeaders, value);
                    break;
                case "Signature":
                    Once(ref claim.Signature, value);
                    break;
            }
        }

        if (credential.IsEmpty)
        {
            throw Malformed("missing Credential.");
        }

        if (claim.SignedHeaders.IsEmpty)
        {
            throw Malformed("missing SignedHeaders.");
        }

        if (claim.Signature.IsEmpty)
        {
            throw Malformed("missing Signature.");
        }

        if (!claim.TrySetCredential(credential))
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
}
