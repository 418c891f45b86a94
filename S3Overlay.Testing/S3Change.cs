namespace S3Overlay.Testing;

/// <summary>What clients of an overlay did to a key since its start or last reset.</summary>
/// <param name="Kind">What they did.</param>
/// <param name="Bucket">The bucket.</param>
/// <param name="Key">The key. Empty if the whole bucket was deleted.</param>
/// <param name="Size">The size of the written object in bytes; null if it was deleted.</param>
/// <param name="ETag">The ETag of the written object with its quotes; null if it was deleted.</param>
public sealed record S3Change(S3ChangeKind Kind, string Bucket, string Key, long? Size = null, string? ETag = null)
{
    /// <summary>The change in short, to compare: <c>A photos/new.txt</c>, with <c>M</c> for overwritten and <c>D</c> for deleted.</summary>
    public override string ToString() => $"{Kind switch
    {
        S3ChangeKind.Added => 'A',
        S3ChangeKind.Overwritten => 'M',
        _ => 'D',
    }} {Bucket}/{Key}";
}

/// <summary>What clients did to a key.</summary>
public enum S3ChangeKind
{
    /// <summary>They wrote an object that the remote does not have.</summary>
    Added,

    /// <summary>They wrote an object that the remote has too, even with the same bytes.</summary>
    Overwritten,

    /// <summary>They deleted an object of the remote.</summary>
    Deleted,
}
