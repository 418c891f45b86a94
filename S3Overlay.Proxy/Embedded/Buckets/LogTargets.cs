using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Buckets;

/// <summary>Which buckets may get the logs of a bucket. Asked when logging is set, and again for each log object.</summary>
/// <param name="buckets">The buckets.</param>
/// <param name="accounts">The accounts that may be granted something.</param>
/// <param name="accountNumber">The account of buckets whose owner has no id; null if none is set.</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html</remarks>
internal sealed class LogTargets(BucketTable buckets, IAccounts accounts, string? accountNumber)
{
    /// <summary>The configuration <c>?logging</c>.</summary>
    public BucketDocument Document => new(LoggingConfiguration.Name, ReadAsync);

    /// <summary>The account of a bucket's owner, as in <c>aws:SourceAccount</c> and in keys.</summary>
    public string AccountOf(string bucket) => buckets.AccessOf(bucket)?.OwnerId ?? accountNumber ?? Account.Default.Id;

    /// <summary>Why a bucket gets no logs of another; null if it may get them.</summary>
    /// <param name="source">The logged bucket, as it was when it was logged: it may be gone, or be another one by now.</param>
    /// <param name="target">The bucket that would get them.</param>
    public S3Exception? Refusal(BucketRecord source, string target)
    {
        if (buckets.Find(target) is not { Exists: true } found)
        {
            return Invalid("The target bucket for logging does not exist");
        }

        return source.Documents.GetValueOrDefault(BucketAccess.OwnerName) != buckets.AccessOf(target)?.OwnerId
            ? Invalid("The owner for the bucket to be logged and the target bucket must be the same.")
            : source.Region != found.Region ? new(CrossLocation)
            : found.ObjectLock is not null ? Invalid("The target bucket for logging must not have Object Lock.")
            : null;
    }

    /// <summary>Whether a bucket's policy or ACL lets a log object in.</summary>
    public bool Allows(LoggingConfiguration logging, string key, string source, string account, DateTimeOffset now) =>
        LogDeliveryAccess.Allows(
            buckets.AccessOf(logging.TargetBucket), logging.TargetBucket, logging.TargetPrefix, key, source, account, now);

    /// <summary>
    /// Reads and checks the document. As in S3, the policy may come later; in a bucket with ACLs, the right has to be there first.
    /// </summary>
    private async Task<string?> ReadAsync(S3Request request, BucketRecord bucket, CancellationToken cancellationToken)
    {
        var root = await S3XmlReader.ReadAsync(request.Body, cancellationToken) ?? throw new S3Exception(S3Errors.MissingRequestBody);
        if (LoggingConfiguration.Read(root, accounts) is not { } logging)
        {
            return null;
        }

        if (Refusal(bucket, logging.TargetBucket) is { } refusal)
        {
            throw refusal;
        }

        var access = buckets.AccessOf(logging.TargetBucket);
        var hasAcls = access is { HasAcls: true };
        if (!hasAcls && logging.Grants.Count > 0)
        {
            throw new S3Exception(AccessErrors.AclNotSupported);
        }

        if (access is { Block.BlocksAcls: true } && logging.Grants.Any(static grant => grant.Grantee.IsPublic))
        {
            // Each log object would be refused.
            throw new S3Exception(S3Errors.AccessDenied);
        }

        var account = AccountOf(bucket.Name);
        var sample = logging.KeyOf(account, bucket.Region, bucket.Name, default, default, "0000000000000000");
        return hasAcls && !Allows(logging, sample, bucket.Name, account, request.Received)
            ? throw Invalid("You must give the log-delivery group WRITE and READ_ACP permissions to the target bucket")
            : logging.Write(accounts).TakeText();
    }

    private static S3Exception Invalid(string message) => new(InvalidTarget, message);

    private static readonly S3Error InvalidTarget = new(
        "InvalidTargetBucketForLogging", StatusCodes.Status400BadRequest, "The target bucket for logging is not valid.");

    private static readonly S3Error CrossLocation = new(
        "CrossLocationLoggingProhibited", StatusCodes.Status403Forbidden,
        "Cross S3 location logging not allowed. Buckets in one geographic location can't log information to a bucket in another location.");
}
