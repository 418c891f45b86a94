using System.Text;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Websites;

/// <summary>How a bucket answers as a website. Immutable.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html</remarks>
public sealed record WebsiteConfiguration
{
    /// <summary>The sub-resource.</summary>
    public const string Name = "website";

    /// <summary>The most bytes of a document: 128 KiB, as in S3.</summary>
    public const int MaxSize = 128 << 10;

    internal const string Root = "WebsiteConfiguration";

    /// <summary>Where all requests are redirected to; null if the bucket itself answers.</summary>
    public RedirectTarget? RedirectAll { get; init; }

    /// <summary>What is added to a path that ends with a slash, such as <c>index.html</c>; empty if all requests are redirected.</summary>
    public string IndexSuffix { get; init; } = "";

    /// <summary>The object that is sent with an error; null for a page of the server's own.</summary>
    public string? ErrorKey { get; init; }

    /// <summary>Redirects, in their order: the first that matches counts.</summary>
    public IReadOnlyList<RoutingRule> Rules { get; init; } = [];

    /// <summary>Reads a document that <see cref="Write"/> wrote.</summary>
    public static WebsiteConfiguration Parse(string document) =>
        WebsiteReader.Read(S3XmlReader.Parse(Encoding.UTF8.GetBytes(document)));

    /// <summary>The rule for a path before it is looked up, or for an error; null for none.</summary>
    /// <param name="key">The key that the path names.</param>
    /// <param name="error">The status of the error; null before the look-up.</param>
    public RoutingRule? Find(string key, int? error) => Rules.FirstOrDefault(rule => rule.Matches(key, error));

    /// <summary>The document.</summary>
    public S3XmlWriter Write()
    {
        var xml = new S3XmlWriter().Root(Root);
        if (RedirectAll is { } all)
        {
            return xml.Open("RedirectAllRequestsTo").Element("HostName", all.Host!).Optional("Protocol", all.Protocol)
                .Close("RedirectAllRequestsTo").Close(Root);
        }

        xml.Open("IndexDocument").Element("Suffix", IndexSuffix).Close("IndexDocument");
        if (ErrorKey is { } error)
        {
            xml.Open("ErrorDocument").Element("Key", error).Close("ErrorDocument");
        }

        if (Rules.Count > 0)
        {
            xml.Open("RoutingRules");
            foreach (var rule in Rules)
            {
                rule.Write(xml);
            }

            xml.Close("RoutingRules");
        }

        return xml.Close(Root);
    }
}
