using Amazon;
using Amazon.Runtime;

namespace S3Overlay.Proxy.Forwarding.Credentials;

/// <summary>The region that STS is asked in.</summary>
internal static class AwsRegion
{
    private static readonly Lock Gate = new();

    /// <summary>
    /// Sets the region once for the process, where the SDK keeps it: AWS_REGION, else the profile's, else the remote's, else us-east-1.
    /// Without one, the SDK asks the instance metadata service, which takes seconds to fail outside AWS.
    /// </summary>
    public static void Choose(params ReadOnlySpan<string?> candidates)
    {
        lock (Gate)
        {
            if (AWSConfigs.AWSRegion is { Length: > 0 } || Environment.GetEnvironmentVariable("AWS_REGION") is { Length: > 0 })
            {
                return;
            }

            var chosen = RegionEndpoint.USEast1.SystemName;
            foreach (var candidate in candidates)
            {
                if (candidate is not null && RegionEndpoint.EnumerableAllRegions.Any(known => known.SystemName == candidate))
                {
                    chosen = candidate;
                    break;
                }
            }

            AWSConfigs.AWSRegion = chosen;
        }
    }
}
