namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>Whether clients have to sign.</summary>
public enum AuthenticationMode
{
    /// <summary>Every request is signed with a client key (rule A1).</summary>
    Keys,

    /// <summary>Everyone may do everything.</summary>
    None,
}
