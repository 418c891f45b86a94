using System.Collections.Frozen;

namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>The condition keys that a bucket policy may use.</summary>
/// <remarks>
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and
/// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-policy-keys. Keys of what does not exist
/// here, such as organizations and private networks, are known and have no value in any request.
/// </remarks>
public static class ConditionKeys
{
    private static readonly FrozenSet<string> Names = new[]
    {
        "aws:CurrentTime", "aws:EpochTime", "aws:SecureTransport", "aws:SourceIp", "aws:Referer", "aws:UserAgent", "aws:username",
        "aws:userid", "aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType", "aws:ResourceAccount", "aws:TokenIssueTime",
        "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:PrincipalIsAWSService", "aws:PrincipalServiceName",
        "aws:PrincipalServiceNamesList", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:RequestedRegion", "aws:ResourceOrgID",
        "aws:ResourceOrgPaths", "aws:SourceAccount", "aws:SourceArn", "aws:SourceOwner", "aws:SourceOrgID", "aws:SourceOrgPaths",
        "aws:SourceVpc", "aws:SourceVpce", "aws:SourceVpcArn", "aws:VpcSourceIp", "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths",
        "aws:ViaAWSService", "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:FederatedProvider", "aws:SourceIdentity",
        "aws:Ec2InstanceSourceVpc", "aws:Ec2InstanceSourcePrivateIPv4", "s3:authType", "s3:signatureversion", "s3:signatureAge",
        "s3:TlsVersion", "s3:ResourceAccount", "s3:prefix", "s3:delimiter", "s3:max-keys", "s3:versionid", "s3:locationconstraint",
        "s3:RequestObjectTagKeys", "s3:DataAccessPointAccount", "s3:DataAccessPointArn", "s3:AccessPointNetworkOrigin",
        "s3:object-lock-mode", "s3:object-lock-legal-hold", "s3:object-lock-retain-until-date", "s3:object-lock-remaining-retention-days",
        "s3:x-amz-acl", "s3:x-amz-content-sha256", "s3:x-amz-copy-source", "s3:x-amz-grant-full-control", "s3:x-amz-grant-read",
        "s3:x-amz-grant-read-acp", "s3:x-amz-grant-write", "s3:x-amz-grant-write-acp", "s3:x-amz-metadata-directive",
        "s3:x-amz-object-ownership", "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:x-amz-server-side-encryption-customer-algorithm", "s3:x-amz-storage-class", "s3:x-amz-website-redirect-location",
        "s3:if-match", "s3:if-none-match", "s3:ObjectCreationOperation", "s3:InventoryAccessibleOptionalFields", "s3:InitiatorArn",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly string[] Families =
        ["s3:ExistingObjectTag/", "s3:RequestObjectTag/", "aws:PrincipalTag/", "aws:RequestTag/", "aws:ResourceTag/"];

    /// <summary>Keys whose fixed values keep a statement for everybody from being public.</summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html, "the meaning of public"
    /// </remarks>
    private static readonly FrozenSet<string> Narrowing = new[]
    {
        "aws:SourceIp", "aws:SourceArn", "aws:SourceVpc", "aws:SourceVpce", "aws:SourceOwner", "aws:SourceAccount", "aws:userid",
        "aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:VpceAccount", "aws:VpceOrgID",
        "aws:VpceOrgPaths", "s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:DataAccessPointArn", "s3:DataAccessPointAccount",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether the key exists.</summary>
    public static bool IsKnown(string key) => Names.Contains(key) || Families.Any(family =>
        key.Length > family.Length && key.StartsWith(family, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether fixed values of the key name callers or networks, and not just requests.</summary>
    public static bool Narrows(string key) => Narrowing.Contains(key);
}
