namespace S3Overlay.Proxy.Protocol.Buckets;

/// <summary>Parameters of ListBuckets.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html</remarks>
public static class BucketPages
{
    private const int Largest = 10_000;

    /// <summary>AWS's regions, as the SDKs of 2026 list them.</summary>
    /// <remarks>https://docs.aws.amazon.com/general/latest/gr/s3.html</remarks>
    private static readonly HashSet<string> AwsRegions = new(StringComparer.Ordinal)
    {
        "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2",
        "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
        "ca-central-1", "ca-west-1", "cn-north-1", "cn-northwest-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1",
        "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "eusc-de-east-1", "il-central-1", "me-central-1", "me-south-1", "mx-central-1",
        "sa-east-1", "us-east-1", "us-east-2", "us-gov-east-1", "us-gov-west-1", "us-west-1", "us-west-2",
    };

    /// <summary>The largest number of buckets on a page.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public static int LimitOf(S3Query query) =>
        query["max-buckets"] is not { Length: > 0 } text ? Largest
        : WholeNumbers.TryParse(text, out int limit) && limit is >= 1 and <= Largest ? limit
        : throw new S3Exception(S3Errors.InvalidArgument, "Argument max-buckets must be an integer between 1 and 10000");

    /// <summary>The region that ListBuckets is limited to (<c>bucket-region</c>); null for all.</summary>
    /// <param name="own">The regions of the buckets here, which need not be AWS's.</param>
    /// <exception cref="S3Exception">InvalidArgument: unknown region.</exception>
    public static string? RegionOf(S3Query query, IEnumerable<string> own) =>
        query["bucket-region"] is not { Length: > 0 } region ? null
        : AwsRegions.Contains(region) || own.Contains(region) ? region
        : throw S3Exception.Argument($"Argument value {region} is not a valid AWS Region", "bucket-region");
}
