namespace S3Overlay.Proxy.Protocol.Buckets;

/// <summary>AWS's regions, as the SDKs of 2026 list them.</summary>
/// <remarks>https://docs.aws.amazon.com/general/latest/gr/s3.html</remarks>
internal static class AwsRegions
{
    private static readonly HashSet<string> All = new(StringComparer.Ordinal)
    {
        "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2",
        "ap-southeast-1", "ap-southeast-2", "ap-southeast-3",
        "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "cn-north-1", "cn-northwest-1",
        "eu-central-1", "eu-central-2", "eu-north-1",
        "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "eusc-de-east-1", "il-central-1", "me-central-1", "me-south-1",
        "mx-central-1", "sa-east-1", "us-east-1", "us-east-2",
        "us-gov-east-1", "us-gov-west-1", "us-west-1", "us-west-2",
    };

    /// <summary>The region that ListBuckets is limited to (<c>bucket-region</c>); null for all.</summary>
    /// <param name="own">The regions of the buckets here, which need not be AWS's.</param>
    /// <exception cref="S3Exception">InvalidArgument: unknown region.</exception>
    public static string? Asked(S3Query query, IEnumerable<string> own) =>
        query["bucket-region"] is not { Length: > 0 } region ? null
        : All.Contains(region) || own.Contains(region) ? region
        : throw new S3Exception(S3Errors.InvalidArgument, $"Argument value {region} is not a valid AWS Region")
            { Details = [new("ArgumentName", "bucket-region")] };
}
