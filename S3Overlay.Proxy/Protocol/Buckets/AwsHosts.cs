using System.Text.RegularExpressions;

namespace S3Overlay.Proxy.Protocol.Buckets;

/// <summary>
/// The hosts by which AWS serves S3. All but one are of one region, and refuse a bucket of another with 301 or 400, however the request is
/// signed.
/// </summary>
/// <remarks>
/// https://docs.aws.amazon.com/general/latest/gr/s3.html and https://docs.aws.amazon.com/AmazonS3/latest/API/UsingRouting.html
/// </remarks>
internal static partial class AwsHosts
{
    /// <summary>AWS's first region, which stands for none: buckets are made there without its name.</summary>
    public const string DefaultRegion = "us-east-1";

    /// <summary>AWS's domains, each of which is a world of its own: of one account, and of one name for a bucket.</summary>
    public static readonly IReadOnlyList<string> Domains = ["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"];

    /// <summary>AWS's own endpoint for a region.</summary>
    /// <param name="region">The region; null for the first.</param>
    public static Uri EndpointOf(string? region)
    {
        var name = region ?? DefaultRegion;
        var domain = name.StartsWith("cn-", StringComparison.Ordinal) ? Domains[1]
            : name.StartsWith("eusc-", StringComparison.Ordinal) ? Domains[2]
            : Domains[0];
        return new Uri($"https://s3.{name}.{domain}");
    }

    /// <summary>
    /// The domain in which a host serves S3, by whatever kind of name; null where it is none of AWS's. All hosts of one domain lead to the
    /// same buckets.
    /// </summary>
    public static string? DomainOf(string host) => host.StartsWith("s3", StringComparison.OrdinalIgnoreCase)
        || host.Contains(".s3.", StringComparison.OrdinalIgnoreCase)
        ? Domains.FirstOrDefault(domain => host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase))
        : null;

    /// <summary>Whether a host is one of them, by which any region can be reached when its name is put in.</summary>
    public static bool IsOne(string host) => Host().IsMatch(host);

    /// <summary>The region of such a host; null where it is none of them, or the one without a region.</summary>
    public static string? RegionOf(string host) =>
        Host().Match(host) is { Success: true } found && found.Groups["region"] is { Success: true } region
            ? region.Value.ToLowerInvariant() : null;

    /// <summary>
    /// The host of the same kind in a region, or the host itself where it is none of them. What an answer calls a region becomes a part of
    /// a name here, so that nothing else than a region's name may: the host stays AWS's.
    /// </summary>
    public static string In(string host, string region)
    {
        if (Host().Match(host) is not { Success: true } found || !Region().IsMatch(region)
            || (found.Groups["region"].Success ? found.Groups["region"].Value : DefaultRegion) == region)
        {
            return host;
        }

        return $"{found.Groups["kind"].Value}.{region}.{found.Groups["domain"].Value}";
    }

    /// <summary>
    /// Beside today's form the older ones: without a region, and with a hyphen before it. Access points, websites, accelerated and private
    /// endpoints have other names.
    /// </summary>
    [GeneratedRegex(
        @"^(?<kind>s3(-fips)?(\.dualstack)?)([.-](?!website-)(?<region>[a-z]{2,}(-[a-z]+)+-[0-9]+))?\.(?<domain>amazonaws\.com(\.cn)?|amazonaws\.eu)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Host();

    [GeneratedRegex("^[a-z]{2,}(-[a-z]+)+-[0-9]+\\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Region();
}
