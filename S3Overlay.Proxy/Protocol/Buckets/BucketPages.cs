namespace S3Overlay.Proxy.Protocol.Buckets;

/// <summary>Page parameters of ListBuckets.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html</remarks>
public static class BucketPages
{
    private const int Largest = 10_000;

    /// <summary>The largest number of buckets on a page.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public static int LimitOf(S3Query query) =>
        query["max-buckets"] is not { Length: > 0 } text ? Largest
        : WholeNumbers.TryParse(text, out int limit) && limit is >= 1 and <= Largest ? limit
        : throw new S3Exception(S3Errors.InvalidArgument, "Argument max-buckets must be an integer between 1 and 10000");
}
