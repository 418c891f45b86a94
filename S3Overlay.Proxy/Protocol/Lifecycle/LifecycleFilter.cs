using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Lifecycle;

/// <summary>Which objects a rule is about. All conditions must hold.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRuleFilter.html</remarks>
public sealed record LifecycleFilter
{
    /// <summary>How the keys begin; null if that is not given.</summary>
    public string? Prefix { get; init; }

    /// <summary>The tags that an object must have.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>Objects must be larger than this many bytes.</summary>
    public long? LargerThan { get; init; }

    /// <summary>Objects must be smaller than this many bytes.</summary>
    public long? SmallerThan { get; init; }

    /// <summary>Whether the prefix is the rule's own, as before there were filters.</summary>
    public bool IsBasePrefix { get; init; }

    /// <summary>Whether the conditions are in an <c>And</c>.</summary>
    public bool IsAnd { get; init; }

    /// <summary>True if only objects can match, and not delete markers or uploads.</summary>
    public bool NeedsObject => Tags.Count > 0 || LargerThan is not null || SmallerThan is not null;

    /// <summary>Number of conditions.</summary>
    public int Count => (Prefix is null ? 0 : 1) + Tags.Count + (LargerThan is null ? 0 : 1) + (SmallerThan is null ? 0 : 1);

    /// <summary>True for a key, as far as its name decides.</summary>
    public bool MatchesKey(string key) => Prefix is null || key.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>True for an object.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="size">Its size.</param>
    /// <param name="tags">Its tags as a query string, or null.</param>
    public bool Matches(string key, long size, string? tags) => MatchesKey(key)
        && !(size <= LargerThan) && !(size >= SmallerThan)
        && (Tags.Count == 0 || HasAll(ObjectTags.Split(tags)));

    /// <summary>Writes it as it was given.</summary>
    public void Write(S3XmlWriter xml)
    {
        if (IsBasePrefix)
        {
            xml.Element("Prefix", Prefix!);
            return;
        }

        xml.Open("Filter");
        if (IsAnd)
        {
            xml.Open("And");
        }

        xml.Optional("Prefix", Prefix);
        foreach (var (name, value) in Tags)
        {
            xml.Open("Tag").Element("Key", name).Element("Value", value).Close("Tag");
        }

        WriteSize(xml, "ObjectSizeGreaterThan", LargerThan);
        WriteSize(xml, "ObjectSizeLessThan", SmallerThan);
        if (IsAnd)
        {
            xml.Close("And");
        }

        xml.Close("Filter");
    }

    private static void WriteSize(S3XmlWriter xml, string name, long? size)
    {
        if (size is { } bytes)
        {
            xml.Element(name, bytes);
        }
    }

    private bool HasAll(IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        foreach (var wanted in Tags)
        {
            if (!tags.Contains(wanted))
            {
                return false;
            }
        }

        return true;
    }
}
