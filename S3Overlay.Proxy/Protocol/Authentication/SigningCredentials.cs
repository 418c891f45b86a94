namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>What a client signs with.</summary>
/// <remarks>A class and not a record: a record would print its secret.</remarks>
/// <param name="accessKey">The access key id.</param>
/// <param name="secretKey">The secret access key.</param>
/// <param name="sessionToken">The session token of temporary credentials.</param>
public sealed class SigningCredentials(string accessKey, string secretKey, string? sessionToken = null)
{
    /// <summary>The access key id.</summary>
    public string AccessKey { get; } = accessKey;

    /// <summary>The secret access key.</summary>
    public string SecretKey { get; } = secretKey;

    /// <summary>The session token of temporary credentials; null for lasting ones.</summary>
    public string? SessionToken { get; } = string.IsNullOrEmpty(sessionToken) ? null : sessionToken;

    /// <summary>The access key: never the secret.</summary>
    public override string ToString() => AccessKey;
}
