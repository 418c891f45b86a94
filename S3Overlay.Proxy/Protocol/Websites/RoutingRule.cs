using System.Globalization;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Websites;

/// <summary>A redirect of some requests to a website.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html#advanced-conditional-redirects</remarks>
/// <param name="Prefix">What the key must begin with; null for any key.</param>
/// <param name="Error">The status that the request must otherwise get; null if it is not asked.</param>
/// <param name="Target">Where to.</param>
public sealed record RoutingRule(string? Prefix, int? Error, RedirectTarget Target)
{
    /// <summary>Whether the rule is about a request.</summary>
    /// <param name="key">The key that the path names.</param>
    /// <param name="error">The status of the error; null before the object is looked up.</param>
    public bool Matches(string key, int? error) =>
        Error == error && (Prefix is null || key.StartsWith(Prefix, StringComparison.Ordinal));

    /// <summary>The location for a key.</summary>
    /// <param name="scheme">The scheme of the request.</param>
    /// <param name="host">The host of the request.</param>
    /// <param name="key">The key that the path names.</param>
    public string LocationOf(string scheme, string host, string key) => Target.LocationOf(
        scheme, host,
        Target.ReplaceKey ?? (Target.ReplacePrefix is { } prefix ? prefix + key[(Prefix?.Length ?? 0)..] : key));

    internal void Write(S3XmlWriter xml)
    {
        xml.Open("RoutingRule");
        if (Prefix is not null || Error is not null)
        {
            xml.Open("Condition").Optional("HttpErrorCodeReturnedEquals", Error?.ToString(CultureInfo.InvariantCulture))
                .Optional("KeyPrefixEquals", Prefix).Close("Condition");
        }

        xml.Open("Redirect").Optional("Protocol", Target.Protocol).Optional("HostName", Target.Host)
            .Optional("ReplaceKeyPrefixWith", Target.ReplacePrefix).Optional("ReplaceKeyWith", Target.ReplaceKey)
            .Optional("HttpRedirectCode", Target.Code?.ToString(CultureInfo.InvariantCulture)).Close("Redirect").Close("RoutingRule");
    }
}

/// <summary>Where a redirect leads. What is not set stays as in the request.</summary>
public sealed record RedirectTarget
{
    /// <summary>The host, with a port if it has one.</summary>
    public string? Host { get; init; }

    /// <summary><c>http</c> or <c>https</c>.</summary>
    public string? Protocol { get; init; }

    /// <summary>The whole key.</summary>
    public string? ReplaceKey { get; init; }

    /// <summary>What takes the place of the rule's prefix.</summary>
    public string? ReplacePrefix { get; init; }

    /// <summary>The status; null for 301.</summary>
    public int? Code { get; init; }

    /// <summary>The URL of a key there. A key cannot add headers, or lead to another host.</summary>
    public string LocationOf(string scheme, string host, string key) =>
        $"{Protocol ?? scheme}://{Host ?? host}/{UriEncoding.EncodeKey(key)}";
}
