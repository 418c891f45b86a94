using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Buckets;

/// <summary>Checks the bucket owner that requests expect, which protects clients from wrong bucket names.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html</remarks>
/// <param name="Account">The account that owns all buckets; null if none is configured, which accepts any.</param>
public sealed record ExpectedOwners(string? Account)
{
    private const string OfBucket = "x-amz-expected-bucket-owner";
    private const string OfSource = "x-amz-source-expected-bucket-owner";

    /// <summary>Whether a text can be an account id.</summary>
    public static bool IsAccount(string id) => id.Length == 12 && !id.AsSpan().ContainsAnyExceptInRange('0', '9');

    /// <summary>Rejects a request that expects another owner. CreateBucket and ListBuckets expect none.</summary>
    /// <exception cref="S3Exception">AccessDenied; InvalidBucketOwnerAWSAccountID if the value is no account id.</exception>
    public void Judge(S3Operation operation, IHeaderDictionary headers, string? bucketOwner = null)
    {
        if (operation is not (S3Operation.CreateBucket or S3Operation.ListBuckets))
        {
            Judge(headers, OfBucket, bucketOwner);
        }
    }

    /// <summary>Does the same for the source bucket of a copy.</summary>
    /// <exception cref="S3Exception">AccessDenied; InvalidBucketOwnerAWSAccountID if the value is no account id.</exception>
    public void JudgeSource(IHeaderDictionary headers, string? bucketOwner = null) => Judge(headers, OfSource, bucketOwner);

    private void Judge(IHeaderDictionary headers, string name, string? bucketOwner)
    {
        if (!headers.TryGetValue(name, out var value))
        {
            return;
        }

        var id = value.ToString();
        if (!IsAccount(id))
        {
            throw new S3Exception(S3Errors.InvalidBucketOwner, $"{S3Errors.InvalidBucketOwner.Message} [{id}]");
        }

        if ((bucketOwner ?? Account) is { } owner && id != owner)
        {
            throw new S3Exception(S3Errors.AccessDenied);
        }
    }
}
