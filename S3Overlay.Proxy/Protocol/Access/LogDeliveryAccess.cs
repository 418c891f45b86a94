using System.Globalization;

namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>Whether log objects may be written to a bucket: its policy or its ACL has to allow it.</summary>
/// <remarks>
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html#grant-log-delivery-permissions-general
/// </remarks>
public static class LogDeliveryAccess
{
    /// <summary>The service that policies name.</summary>
    public const string Service = "logging.s3.amazonaws.com";

    private const string Action = "s3:PutObject";

    private static readonly AccessCaller s_caller = new(null, "") { Service = Service };

    /// <summary>Decides about one object. A deny wins.</summary>
    /// <param name="access">The access settings of the bucket that gets it; null if it has none.</param>
    /// <param name="bucket">That bucket.</param>
    /// <param name="prefix">
    /// The configured prefix. A statement that allows it as a resource, without <c>*</c>, counts for all keys that begin with it, as in
    /// Ceph.
    /// </param>
    /// <param name="key">The key.</param>
    /// <param name="source">The logged bucket.</param>
    /// <param name="account">The account of its owner.</param>
    /// <param name="now">The time.</param>
    public static bool Allows(
        BucketAccess? access, string bucket, string prefix, string key, string source, string account, DateTimeOffset now)
    {
        if (access is null)
        {
            return false;
        }

        var values = Values(source, account, now);
        var request = new PolicyRequest(s_caller, Action, $"{bucket}/{key}", values);
        if (access.Policy is { } policy)
        {
            if (policy.Denies(request))
            {
                return false;
            }

            if (policy.Allows(request) || policy.AllowsByName(request with { Resource = $"{bucket}/{prefix}" }))
            {
                return true;
            }
        }

        return access is { HasAcls: true, Acl: { } acl } && HasGrant(acl, AclPermission.Write) && HasGrant(acl, AclPermission.ReadAcp);
    }

    private static bool HasGrant(AccessControlList acl, AclPermission needed) => acl.Grants.Any(grant =>
        grant.Grantee.Kind == GranteeKind.LogDelivery && (grant.Permission == needed || grant.Permission == AclPermission.FullControl));

    /// <summary>The condition keys of a delivery. It never leaves the server, which counts as secure.</summary>
    private static ConditionValues Values(string source, string account, DateTimeOffset now) => key => key.ToLowerInvariant() switch
    {
        "aws:sourcearn" => ["arn:aws:s3:::" + source],
        "aws:sourceaccount" or "aws:resourceaccount" or "s3:resourceaccount" => [account],
        "aws:principalisawsservice" or "aws:securetransport" => ["true"],
        "aws:principalservicename" => [Service],
        "aws:principaltype" => ["Service"],
        "aws:currenttime" => [now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)],
        "aws:epochtime" => [now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)],
        _ => null,
    };
}
