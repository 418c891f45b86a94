namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>The errors of ACLs, policies and their settings.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html</remarks>
public static class AccessErrors
{
    /// <summary>An ACL where the bucket's owner owns everything.</summary>
    public static readonly S3Error AclNotSupported = new("AccessControlListNotSupported", 400, "The bucket does not allow ACLs");

    /// <summary>ACLs cannot be disabled while the bucket's own gives rights to others.</summary>
    public static readonly S3Error InvalidBucketAcl = new(
        "InvalidBucketAclWithObjectOwnership", 400, "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting");

    /// <summary>A new bucket's ACL for everybody, which its access block refuses.</summary>
    public static readonly S3Error InvalidBlockedAcl = new(
        "InvalidBucketAclWithBlockPublicAccessError", 400, "Bucket cannot have public ACLs set with BlockPublicAccess enabled");

    /// <summary>An ACL in headers and in the body.</summary>
    public static readonly S3Error UnexpectedContent = new("UnexpectedContent", 400, "This request does not support content");

    /// <summary>An ACL neither in headers nor in the body.</summary>
    public static readonly S3Error MissingSecurityHeader = new(
        "MissingSecurityHeader", 400, "Your request was missing a required header");

    /// <summary>An ACL document that is not one.</summary>
    public static readonly S3Error MalformedAcl = new(
        "MalformedACLError", 400, "The ACL that you provided was not well formed or did not validate against our published schema.");

    /// <summary>A policy that is not one.</summary>
    public static readonly S3Error MalformedPolicy = new("MalformedPolicy", 400, "Your policy contains a principal that is not valid.");

    /// <summary>A policy that is too long.</summary>
    public static readonly S3Error PolicyTooLarge = new("PolicyTooLarge", 400, "Policy exceeds the maximum allowed document size.");

    /// <summary>No ownership controls.</summary>
    public static readonly S3Error NoOwnershipControls = new(
        "OwnershipControlsNotFoundError", 404, "The bucket ownership controls were not found");

    /// <summary>No public access block.</summary>
    public static readonly S3Error NoPublicAccessBlock = new(
        "NoSuchPublicAccessBlockConfiguration", 404, "The public access block configuration was not found");
}
