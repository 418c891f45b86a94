namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>The credentials of a client.</summary>
/// <remarks>A class and not a record, whose text would contain the secret.</remarks>
public sealed class SigningCredentials(string accessKey, string secretKey, string? sessionToken = null)
{
    /// <summary>The access key id.</summary>
    public string AccessKey { get; } = accessKey;

    /// <summary>The secret access key.</summary>
    public string SecretKey { get; } = secretKey;

    /// <summary>The session token of temporary credentials; null for permanent ones.</summary>
    public string? SessionToken { get; } = string.IsNullOrEmpty(sessionToken) ? null : sessionToken;

    /// <summary>The access key, never the secret.</summary>
    public override string ToString() => AccessKey;
}
