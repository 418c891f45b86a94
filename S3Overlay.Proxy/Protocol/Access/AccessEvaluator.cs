namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>The decision about a request.</summary>
public enum AccessDecision
{
    /// <summary>Refused.</summary>
    Denied,

    /// <summary>Allowed by the keys file's rights, or by the settings.</summary>
    Allowed,

    /// <summary>Allowed by a policy or an ACL alone.</summary>
    Opened,
}

/// <summary>What the decision about a request depends on.</summary>
public sealed record AccessFacts
{
    /// <summary>The operation.</summary>
    public required S3Operation Operation { get; init; }

    /// <summary>The sub-resource of a bucket's configuration; otherwise null.</summary>
    public string? Configuration { get; init; }

    /// <summary>Whether the request names a version.</summary>
    public bool HasVersion { get; init; }

    /// <summary>The bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>The key; empty for the bucket itself.</summary>
    public string Key { get; init; } = "";

    /// <summary>Who asks.</summary>
    public required AccessCaller Caller { get; init; }

    /// <summary>Whether the keys file's rights allow it, in a bucket of the caller's account.</summary>
    public bool HasRight { get; init; }

    /// <summary>Whether the key has the right <c>owner</c>.</summary>
    public bool MayOwn { get; init; }

    /// <summary>Whether the settings allow it to everybody (rule A3).</summary>
    public bool IsOpenBySettings { get; init; }

    /// <summary>The bucket's settings.</summary>
    public required BucketAccess Access { get; init; }

    /// <summary>The object; null if there is none.</summary>
    public ObjectAccess? Object { get; init; }

    /// <summary>Whether the operation is about an object that does not exist.</summary>
    public bool IsMissing { get; init; }

    /// <summary>More actions that the request's headers ask for, such as <c>s3:PutObjectAcl</c>.</summary>
    public IReadOnlyList<string> MoreActions { get; init; } = [];

    /// <summary>The values of condition keys.</summary>
    public ConditionValues Values { get; init; } = static _ => null;
}

/// <summary>
/// Decides about every request in a bucket with a policy, ACLs or an owner, together with the keys file's rights. A pure function.
/// </summary>
/// <remarks>
/// <code>
///   1 a statement of the policy denies it        denied, whatever else allows it
///   2 the settings open it to everybody          allowed
///   3 the key's rights, and its account owns it  allowed
///   4 there is no such object                    opened if listing it is opened
///   5 a statement of the policy allows it        opened, unless the access block restricts a public policy
///   6 a grant of the ACL allows it               opened, unless the access block ignores it
///   7 otherwise                                  denied
/// </code>
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
/// </remarks>
public static class AccessEvaluator
{
    /// <summary>Decides.</summary>
    public static AccessDecision Judge(AccessFacts facts)
    {
        var access = facts.Access;
        var isOfOwner = facts.Caller.Account is { } account && (access.OwnerId is null || access.OwnerId == account.Id);
        if (IsDenied(facts) && !(IsOfPolicy(facts) && isOfOwner && facts.MayOwn))
        {
            return AccessDecision.Denied;
        }

        if (facts.IsOpenBySettings || (facts.HasRight && (IsOfObject(facts.Operation) && facts.Object is { OwnerId: { } writer }
            && access.HasAcls ? facts.Caller.Account?.Id == writer : isOfOwner)))
        {
            return AccessDecision.Allowed;
        }

        if (IsForOwnersAlone(facts) || (access.Policy is { IsPublic: true } && access.Block.Restricts && !isOfOwner))
        {
            return AccessDecision.Denied;
        }

        return (facts.IsMissing ? MayList(facts) : IsAllowedByPolicy(facts) || IsAllowedByAcl(facts))
            ? AccessDecision.Opened : AccessDecision.Denied;
    }

    /// <summary>Whether no policy allows what was <see cref="AccessDecision.Opened"/>, but only an ACL.</summary>
    public static bool NeedsAcl(AccessFacts facts) => !facts.IsMissing && !IsAllowedByPolicy(facts);

    /// <summary>Whether an operation is about an object that exists, whose owner may not be the bucket's.</summary>
    public static bool IsOfObject(S3Operation operation) => operation
        is S3Operation.GetObject or S3Operation.HeadObject or S3Operation.GetObjectAttributes or S3Operation.SelectObjectContent
        or S3Operation.GetObjectAcl or S3Operation.PutObjectAcl or S3Operation.GetObjectTagging or S3Operation.PutObjectTagging
        or S3Operation.DeleteObjectTagging or S3Operation.GetObjectTorrent or S3Operation.GetObjectLegalHold
        or S3Operation.PutObjectLegalHold or S3Operation.GetObjectRetention or S3Operation.PutObjectRetention or S3Operation.RestoreObject;

    /// <summary>The owner can always read, replace and delete the policy, or a mistake in it could not be undone.</summary>
    private static bool IsOfPolicy(AccessFacts facts) => facts.Configuration == BucketAccess.PolicyName;

    /// <summary>No policy and no ACL lets others decide what policies and ACLs may do.</summary>
    private static bool IsForOwnersAlone(AccessFacts facts) =>
        facts.Operation is S3Operation.PutBucketConfiguration or S3Operation.DeleteBucketConfiguration
        && facts.Configuration is BucketAccess.PolicyName or BucketAccess.OwnershipName or BucketAccess.BlockName;

    private static IEnumerable<PolicyRequest> Requests(AccessFacts facts)
    {
        if (PolicyActions.Of(facts.Operation, facts.Configuration, facts.HasVersion) is not { } action)
        {
            yield break;
        }

        var resource = facts.Key.Length == 0 ? facts.Bucket : $"{facts.Bucket}/{facts.Key}";
        yield return new(facts.Caller, action, resource, facts.Values);
        foreach (var more in facts.MoreActions)
        {
            yield return new(facts.Caller, more, resource, facts.Values);
        }
    }

    private static bool IsDenied(AccessFacts facts) => facts.Access.Policy is { } policy && Requests(facts).Any(policy.Denies);

    /// <summary>A bucket's policy says nothing about objects of others.</summary>
    private static bool IsAllowedByPolicy(AccessFacts facts)
    {
        if (facts.Access.Policy is not { } policy
            || (facts.Access.HasAcls && IsOfObject(facts.Operation) && facts.Object is { OwnerId: { } writer }
                && writer != facts.Access.Owner))
        {
            return false;
        }

        var isAny = false;
        foreach (var request in Requests(facts))
        {
            if (!policy.Allows(request))
            {
                return false;
            }

            isAny = true;
        }

        return isAny;
    }

    private static bool IsAllowedByAcl(AccessFacts facts)
    {
        var access = facts.Access;
        if (!access.HasAcls || NeededOf(facts) is not { } needed
            || (needed == AclPermission.Write && facts.MoreActions.Any(static action => action != "s3:PutObjectAcl")))
        {
            return false;
        }

        if (!IsOfObject(facts.Operation))
        {
            return access.Acl is { } acl && acl.Allows(facts.Caller, needed, access.Block.IgnoresAcls, access.OwnerId);
        }

        return facts.Object is { Acl: { } list } item
            && list.Allows(facts.Caller, needed, access.Block.IgnoresAcls, item.OwnerId ?? access.OwnerId);
    }

    /// <summary>The permission that an ACL has to grant, on the object or on the bucket.</summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#acl-access-policy-permission-mapping</remarks>
    private static AclPermission? NeededOf(AccessFacts facts) => facts.Operation switch
    {
        S3Operation.GetObject or S3Operation.HeadObject or S3Operation.GetObjectAttributes or S3Operation.SelectObjectContent
            or S3Operation.GetObjectTorrent or S3Operation.HeadBucket or S3Operation.ListObjects or S3Operation.ListObjectsV2
            or S3Operation.ListObjectVersions or S3Operation.ListMultipartUploads => AclPermission.Read,
        S3Operation.GetObjectAcl => AclPermission.ReadAcp,
        S3Operation.PutObjectAcl => AclPermission.WriteAcp,
        S3Operation.GetBucketConfiguration when facts.Configuration == BucketAccess.AclName => AclPermission.ReadAcp,
        S3Operation.PutBucketConfiguration when facts.Configuration == BucketAccess.AclName => AclPermission.WriteAcp,
        S3Operation.DeleteObject when facts.HasVersion => null,
        S3Operation.PutObject or S3Operation.CopyObject or S3Operation.PostObject or S3Operation.DeleteObject or S3Operation.DeleteObjects
            or S3Operation.CreateMultipartUpload or S3Operation.UploadPart or S3Operation.UploadPartCopy
            or S3Operation.CompleteMultipartUpload or S3Operation.AbortMultipartUpload or S3Operation.ListParts => AclPermission.Write,
        _ => null,
    };

    /// <summary>Whether the caller may list the key. Only then may it learn that the key does not exist: 404 in place of 403.</summary>
    private static bool MayList(AccessFacts facts)
    {
        var listing = facts with
        {
            Operation = S3Operation.ListObjects,
            Key = "",
            HasVersion = false,
            HasRight = false,
            IsMissing = false,
            MoreActions = [],
            Values = key => key.Equals("s3:prefix", StringComparison.OrdinalIgnoreCase) ? [facts.Key] : facts.Values(key),
        };
        return !IsDenied(listing) && (IsAllowedByPolicy(listing) || IsAllowedByAcl(listing));
    }
}
