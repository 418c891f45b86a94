using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Buckets;

/// <summary>What requests say of whose a bucket has to be: a protection of clients who may have got a name wrong.</summary>
/// <param name="Account">The account that all buckets belong to; null where none was named, and any will do.</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html</remarks>
public sealed record ExpectedOwners(string? Account)
{
    private const string OfBucket = "x-amz-expected-bucket-owner";
    private const string OfSource = "x-amz-source-expected-bucket-owner";

    /// <summary>Whether a text can be an account's id.</summary>
    public static bool IsAccount(string id) => id.Length == 12 && !id.AsSpan().ContainsAnyExceptInRange('0', '9');

    /// <summary>
    /// Refuses a request about a bucket that it expects to be another account's. One that makes a bucket, or lists all there are, expects
    /// nothing.
    /// </summary>
    /// <exception cref="S3Exception">AccessDenied; InvalidBucketOwnerAWSAccountID for what can be no account's id.</exception>
    public void Judge(S3Operation operation, IHeaderDictionary headers)
    {
        if (operation is not (S3Operation.CreateBucket or S3Operation.ListBuckets))
        {
            Judge(headers, OfBucket);
        }
    }

    /// <summary>The same of the bucket that a copy is made from.</summary>
    /// <exception cref="S3Exception">AccessDenied; InvalidBucketOwnerAWSAccountID for what can be no account's id.</exception>
    public void JudgeSource(IHeaderDictionary headers) => Judge(headers, OfSource);

    private void Judge(IHeaderDictionary headers, string name)
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

        if (Account is not null && id != Account)
        {
            throw new S3Exception(S3Errors.AccessDenied);
        }
    }
}
