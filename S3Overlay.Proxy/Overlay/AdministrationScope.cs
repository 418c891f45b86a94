namespace S3Overlay.Proxy.Overlay;

/// <summary>What an administration method is about.</summary>
/// <param name="Bucket">The client's bucket; null for all.</param>
/// <param name="Key">One key; null for more.</param>
/// <param name="Prefix">The prefix of the keys; null for the bucket itself with all its keys.</param>
public sealed record AdministrationScope(string? Bucket, string? Key, string? Prefix)
{
    /// <summary>Everything.</summary>
    public static readonly AdministrationScope All = new(null, null, null);

    /// <summary>True for a part of a bucket.</summary>
    public bool IsPart => Key is not null || Prefix is not null;
}
