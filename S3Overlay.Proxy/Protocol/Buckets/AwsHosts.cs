using System.Text.RegularExpressions;

namespace S3Overlay.Proxy.Protocol.Buckets;

/// <summary>
/// AWS's hosts for S3. All but one serve a single region, and refuse buckets of other regions with 301 or 400, however the request is
/// signed.
/// </summary>
/// <remarks>
/// https://docs.aws.amazon.com/general/latest/gr/s3.html and https://docs.aws.amazon.com/AmazonS3/latest/API/UsingRouting.html
/// </remarks>
internal static partial class AwsHosts
{
    /// <summary>AWS's first region and its default: buckets there are created without naming it.</summary>
    public const string DefaultRegion = "us-east-1";

    /// <summary>AWS's domains. Each has its own accounts and bucket names.</summary>
    public static readonly IReadOnlyList<string> Domains = ["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"];

    /// <summary>AWS's endpoint for a region; null for the default one.</summary>
    public static Uri EndpointOf(string? region)
    {
        var name = region ?? DefaultRegion;
        var domain = name.StartsWith("cn-", StringComparison.Ordinal) ? Domains[1]
            : name.StartsWith("eusc-", StringComparison.Ordinal) ? Domains[2]
            : Domains[0];
        return new Uri($"https://s3.{name}.{domain}");
    }

    /// <summary>
    /// The AWS domain of an S3 host, in any form of name; null for other hosts. All hosts of one domain reach the same buckets.
    /// </summary>
    public static string? DomainOf(string host) => host.StartsWith("s3", StringComparison.OrdinalIgnoreCase)
        || host.Contains(".s3.", StringComparison.OrdinalIgnoreCase)
        ? Domains.FirstOrDefault(domain => host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase))
        : null;

    /// <summary>Whether a host is a regional S3 host, whose region can be replaced.</summary>
    public static bool IsOne(string host) => Host().IsMatch(host);

    /// <summary>The region of such a host; null for other hosts and for the one without a region.</summary>
    public static string? RegionOf(string host) =>
        Host().Match(host) is { Success: true } found && found.Groups["region"] is { Success: true } region
            ? region.Value.ToLowerInvariant() : null;

    /// <summary>
    /// The host of the same kind in another region; other hosts stay as they are. Only a valid region name is inserted, since it may come
    /// from a response: the host stays AWS's.
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
    /// Today's form and older ones: without a region, and with a hyphen before it. Access points, websites, accelerated and private
    /// endpoints have other names.
    /// </summary>
    [GeneratedRegex(
        @"^(?<kind>s3(-fips)?(\.dualstack)?)([.-](?!website-)(?<region>[a-z]{2,}(-[a-z]+)+-[0-9]+))?"
            + @"\.(?<domain>amazonaws\.com(\.cn)?|amazonaws\.eu)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Host();

    [GeneratedRegex("^[a-z]{2,}(-[a-z]+)+-[0-9]+\\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Region();
}
