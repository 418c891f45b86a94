using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>
/// The ACL that a request gives a new bucket or object. There are no ACLs here: the configuration alone decides who may read. ACLs that
/// change nothing are accepted, since many tools send one with every upload; all others are refused, not ignored.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl</remarks>
internal static class AccessHeaders
{
    private const string CannedAcl = "x-amz-acl";
    private const string Grants = "x-amz-grant-";

    /// <summary>Refuses an ACL that would change permissions.</summary>
    /// <exception cref="S3Exception">NotImplemented; InvalidArgument for a canned ACL that S3 does not have.</exception>
    public static void Refuse(S3Request request)
    {
        foreach (var (name, _) in request.Headers)
        {
            if (name.StartsWith(Grants, StringComparison.OrdinalIgnoreCase))
            {
                throw new S3Exception(S3Errors.NotImplemented,
                    $"This server has no access control lists, so '{name.ToLowerInvariant()}' is not supported.");
            }
        }

        switch (request.Header(CannedAcl))
        {
            case null or "private" or "bucket-owner-full-control":
                break;
            case "public-read" or "public-read-write" or "authenticated-read" or "aws-exec-read" or "bucket-owner-read"
                or "log-delivery-write":
                throw new S3Exception(
                    S3Errors.NotImplemented,
                    $"This server has no access control lists, so '{CannedAcl}: {request.Header(CannedAcl)}' is not supported. "
                    + "Its configuration decides who may read.");
            case var nonsense:
                throw new S3Exception(S3Errors.InvalidArgument)
                    { Details = [new("ArgumentName", CannedAcl), new("ArgumentValue", nonsense)] };
        }
    }
}
