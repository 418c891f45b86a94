namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>What an administration call is about.</summary>
/// <param name="Bucket">The bucket, in the client's view; null for all of them.</param>
/// <param name="Key">The one key; null for more.</param>
/// <param name="Prefix">What the keys start with; null for the bucket itself with all its keys.</param>
public sealed record AdministrationScope(string? Bucket, string? Key, string? Prefix)
{
    /// <summary>Everything.</summary>
    public static readonly AdministrationScope All = new(null, null, null);

    /// <summary>Whether it is a part of a bucket.</summary>
    public bool IsPart => Key is not null || Prefix is not null;
}
