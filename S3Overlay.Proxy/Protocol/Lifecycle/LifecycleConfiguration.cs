using System.Text;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Lifecycle;

/// <summary>The lifecycle of a bucket: which objects, versions and uploads go when.</summary>
/// <param name="Rules">Its rules; at least one.</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html</remarks>
public sealed record LifecycleConfiguration(IReadOnlyList<LifecycleRule> Rules)
{
    /// <summary>The sub-resource.</summary>
    public const string Name = "lifecycle";

    /// <summary>The root of its document.</summary>
    internal const string Root = "LifecycleConfiguration";

    /// <summary>What the keys of all objects that an enabled rule is about begin with.</summary>
    public string CommonPrefix
    {
        get
        {
            string? common = null;
            foreach (var rule in Rules.Where(static rule => rule.IsEnabled))
            {
                var prefix = rule.Filter.Prefix ?? "";
                common = common is null ? prefix : common[..common.AsSpan().CommonPrefixLength(prefix)];
            }

            // A prefix must not end within a character.
            return common is [.., var last] && char.IsHighSurrogate(last) ? common[..^1] : common ?? "";
        }
    }

    /// <summary>Reads a document that <see cref="Write"/> wrote.</summary>
    public static LifecycleConfiguration Parse(string document) =>
        LifecycleReader.Read(S3XmlReader.Parse(Encoding.UTF8.GetBytes(document)));

    /// <summary>The document.</summary>
    public S3XmlWriter Write()
    {
        var xml = new S3XmlWriter().Root(Root);
        foreach (var rule in Rules)
        {
            rule.Write(xml);
        }

        return xml.Close(Root);
    }

    /// <summary>When a current version expires first, and by which rule; null if it does not.</summary>
    public (DateTimeOffset At, LifecycleRule Rule)? ExpiryOf(
        string key, long size, string? tags, DateTimeOffset written, LifecycleClock clock)
    {
        (DateTimeOffset At, LifecycleRule Rule)? first = null;
        foreach (var rule in Rules)
        {
            if (rule.ExpiryOf(key, size, tags, written, clock) is { } at && !(at >= first?.At))
            {
                first = (at, rule);
            }
        }

        return first;
    }

    /// <summary>Shows when a current version expires. Always in real days.</summary>
    public void Show(string key, long size, string? tags, DateTimeOffset written, S3Response response)
    {
        if (ExpiryOf(key, size, tags, written, LifecycleClock.Real) is { } expiry)
        {
            response.Headers["x-amz-expiration"] =
                $"expiry-date=\"{HttpDates.Header(expiry.At)}\", rule-id=\"{UriEncoding.EncodeComponent(expiry.Rule.Id)}\"";
        }
    }
}
