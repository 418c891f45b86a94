namespace S3Overlay.Tests.Model;

internal sealed record ModelUpload(ModelBucket Bucket, string Key, string Id, string Meta)
{
    /// <summary>The smallest part that another may follow.</summary>
    public const int SmallestPart = 5 << 20;

    private bool _wasKnown;

    /// <summary>Its parts, by number.</summary>
    public SortedDictionary<int, byte[]> Parts { get; } = [];

    /// <summary>The part numbers with unknown content: the last request for them got no response.</summary>
    public HashSet<int> Unknown { get; } = [];

    /// <summary>Whether a part before the last one is too small to complete the upload.</summary>
    public bool IsTooSmall => Parts.Values.SkipLast(1).Any(part => part.Length < SmallestPart);

    /// <summary>The version that it creates.</summary>
    public ObjectVersion Version => ObjectVersion.OfParts(Parts) with { Meta = Meta };

    /// <summary>An upload of a part begins. Its content is unknown until the outcome is recorded.</summary>
    /// <returns>The previous content. Null if there was none or it is unknown.</returns>
    public byte[]? Begin(int number)
    {
        _wasKnown = Unknown.Add(number);
        return Parts.Remove(number, out var before) ? before : null;
    }

    public void Note(int number, byte[] bytes)
    {
        Unknown.Remove(number);
        Parts[number] = bytes;
    }

    /// <summary>It was refused, so the previous content remains.</summary>
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
