namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>The headers that sign a request.</summary>
public sealed class SignedRequest
{
    internal SignedRequest(string authorization, string time, string payloadHash, string? sessionToken, string signature)
    {
        Authorization = authorization;
        Time = time;
        PayloadHash = payloadHash;
        SessionToken = sessionToken;
        Signature = signature;
    }

    /// <summary>The value of <c>Authorization</c>.</summary>
    public string Authorization { get; }

    /// <summary>The value of <c>x-amz-date</c>.</summary>
    public string Time { get; }

    /// <summary>The value of <c>x-amz-content-sha256</c>.</summary>
    public string PayloadHash { get; }

    /// <summary>The value of <c>x-amz-security-token</c>; null if it is not sent.</summary>
    public string? SessionToken { get; }

    /// <summary>The signature alone, in hex: the seed of the chunk signatures.</summary>
    public string Signature { get; }

    /// <summary>The headers to add to the request.</summary>
    public IEnumerable<KeyValuePair<string, string>> Headers
    {
        get
        {
            yield return new("Authorization", Authorization);
            yield return new("x-amz-date", Time);
            yield return new("x-amz-content-sha256", PayloadHash);
            if (SessionToken is not null)
            {
                yield return new("x-amz-security-token", SessionToken);
            }
        }
    }
}
