using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Configuration.Keys;

/// <summary>A key that clients sign with, and what it may do. It is the overlay's own and never forwarded (rule A2).</summary>
/// <param name="AccessKey">The public half.</param>
/// <param name="SecretKey">The secret half.</param>
/// <param name="Rights">What it may do. One right that allows a request is enough.</param>
/// <param name="IsAdministrator">Whether it may use the administration calls.</param>
public sealed record ClientKey(string AccessKey, string SecretKey, IReadOnlyList<BucketRight> Rights, bool IsAdministrator)
{
    /// <summary>
    /// The client's own keys for a local S3 endpoint, so that the store can distinguish its users. Null to use the proxy's keys.
    /// </summary>
    public SigningCredentials? Local { get; init; }

    /// <summary>The account that owns what the key creates; null for the one of all keys without an id.</summary>
    public Account? Account { get; init; }

    /// <summary>The right to everything.</summary>
    public static readonly IReadOnlyList<BucketRight> Everything = [new("*", AccessRight.Owner)];

    /// <summary>Whether no client can sign with this access key: it contains a separator of the signature's credential scope.</summary>
    public static bool IsAmbiguous(string accessKey) => accessKey.AsSpan().ContainsAny("/, \t=");

    /// <summary>Without the secret, which a record's default text would show in logs.</summary>
    public override string ToString() => $"client key {AccessKey}";
}
