namespace S3Overlay.Tests.Model;

/// <summary>A multipart upload under way.</summary>
/// <param name="Bucket">Its bucket.</param>
/// <param name="Key">Its key.</param>
/// <param name="Id">Its id.</param>
/// <param name="Meta">The metadata of what it makes.</param>
internal sealed record ModelUpload(ModelBucket Bucket, string Key, string Id, string Meta)
{
    /// <summary>The smallest part that another may follow.</summary>
    public const int SmallestPart = 5 << 20;

    private bool _wasKnown;

    /// <summary>Its parts, by number.</summary>
    public SortedDictionary<int, byte[]> Parts { get; } = [];

    /// <summary>The part numbers with unknown content: the last request for them got no response.</summary>
    public HashSet<int> Unknown { get; } = [];

    /// <summary>Whether a part that is not the last one is too small, so that it cannot be completed.</summary>
    public bool IsTooSmall => Parts.Values.SkipLast(1).Any(part => part.Length < SmallestPart);

    /// <summary>The version that it creates.</summary>
    public ObjectVersion Version => ObjectVersion.OfParts(Parts) with { Meta = Meta };

    /// <summary>A part is about to be uploaded: until it is noted what became of it, nothing is known of this number.</summary>
    /// <returns>What was there before; null for nothing, or where that is not known.</returns>
    public byte[]? Begin(int number)
    {
        _wasKnown = Unknown.Add(number);
        return Parts.Remove(number, out var before) ? before : null;
    }

    /// <summary>The part was acknowledged.</summary>
    public void Note(int number, byte[] bytes)
    {
        Unknown.Remove(number);
        Parts[number] = bytes;
    }

    /// <summary>It was refused: what was there before is there still.</summary>
    public void Refused(int number, byte[]? before)
    {
        if (_wasKnown)
        {
            Unknown.Remove(number);
        }

        if (before is not null)
        {
            Parts[number] = before;
        }
    }
}
