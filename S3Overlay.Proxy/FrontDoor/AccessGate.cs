using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>
/// Decides what a caller may do: by the keys file's rights alone, or, in a bucket with a policy, ACLs or an owner, together with these
/// (rules A2, A3). A bucket without any of them costs one look-up in memory.
/// </summary>
internal sealed class AccessGate(AccessRights rights, FrontDoorSettings settings)
{
    /// <summary>Decides about an operation.</summary>
    public ValueTask<AccessDecision> JudgeAsync(in AccessQuestion asked)
    {
        var hasRight = rights.May(asked.Caller, asked.Operation, asked.Bucket, asked.Key)
            && (asked.IsForwarded || settings.Access is null || !IsForOwners(asked)
                || rights.MayOwn(asked.Caller, asked.Bucket, asked.Key));
        var access = asked.IsForwarded || rights.IsOff || asked.Operation is S3Operation.ListBuckets or S3Operation.CreateBucket
            ? null : settings.Access?.Find(asked.Bucket);
        if (hasRight && access is null)
        {
            return new(AccessDecision.Allowed);
        }

        var isOpen = !asked.IsForwarded && rights.MayAll(asked.Operation, asked.Bucket, asked.Key, asked.VersionId);
        return access is null ? new(isOpen ? AccessDecision.Allowed : AccessDecision.Denied) : JudgeAsync(asked, access, hasRight, isOpen);
    }

    /// <summary>Which buckets ListBuckets shows a caller.</summary>
    public Func<string, bool> SightOf(S3Caller caller) => bucket => MaySee(caller, bucket);

    /// <summary>Which keys of a bucket a caller may write.</summary>
    public Func<string, bool> WritesOf(S3Caller caller, string bucket) => key => rights.MayWrite(caller, bucket, key);

    /// <summary>Which keys and versions DeleteObjects may delete.</summary>
    public Func<string, string?, bool> DeletesOf(AccessQuestion asked) => (key, version) => MayDelete(asked, key, version);

    /// <summary>
    /// Whether DeleteObjects may delete a key or version. In a bucket with a remote, others may not: a delete would hide the remote's
    /// object.
    /// </summary>
    private bool MayDelete(AccessQuestion asked, string key, string? versionId)
    {
        var hasRight = rights.MayWrite(asked.Caller, asked.Bucket, key);
        if (asked.IsForwarded || rights.IsOff || settings.Access?.Find(asked.Bucket) is not { } access)
        {
            return hasRight;
        }

        var facts = Facts(asked with { Operation = S3Operation.DeleteObject, Key = key, VersionId = versionId }, access, hasRight, null);
        return AccessEvaluator.Judge(facts) switch
        {
            AccessDecision.Allowed => true,
            AccessDecision.Opened => !settings.KeepsRemote(asked.Bucket),
            _ => false,
        };
    }

    /// <summary>
    /// Whether a CopyObject may copy the source's tags, if it has any: it reads the ones and writes the others. Rights in the keys file
    /// include both.
    /// </summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html</remarks>
    /// <param name="asked">The copy.</param>
    /// <param name="source">The question whether it may read the source's tags.</param>
    public async ValueTask<bool> MayCopyTagsAsync(AccessQuestion asked, AccessQuestion source)
    {
        if (asked.Operation != S3Operation.CopyObject || rights.IsOff || settings.Access is not { } buckets
            || string.Equals(asked.Headers["x-amz-tagging-directive"], "REPLACE", StringComparison.OrdinalIgnoreCase)
            || (buckets.Find(asked.Bucket) is null && buckets.Find(source.Bucket) is null))
        {
            return true;
        }

        var item = await buckets.FindObjectAsync(source.Bucket, source.Key, source.VersionId is { Length: > 0 } id ? id : null);

        // A remote's object may have tags. It is not known yet which.
        var tags = item is null && (source.IsForwarded || settings.IsOverlaid(source.Bucket)) ? "" : item?.Tags;
        return tags is null || (source.IsForwarded && asked.Caller.IsAnonymous)
            || (await JudgeAsync(source) != AccessDecision.Denied
                && await JudgeAsync(asked with { NewTags = tags }) != AccessDecision.Denied);
    }

    /// <summary>The accounts of a bucket's and its objects' owners.</summary>
    public Func<string?, Account> OwnersOf(string bucket) => settings.Access?.Find(bucket) is { } access
        ? id => rights.Accounts.Find(id ?? access.Owner) ?? new Account(id ?? access.Owner, "") : S3Request.OneOwner;

    /// <summary>Whether ListBuckets shows a bucket: the caller has a right to it, and it is not another account's.</summary>
    private bool MaySee(S3Caller caller, string bucket) => rights.MaySee(caller, bucket)
        && (rights.IsOff || settings.Access?.Find(bucket)?.OwnerId is not { } owner || rights.CallerOf(caller).Account?.Id == owner);

    /// <summary>
    /// How a request is served that a policy or an ACL alone allows, in a bucket whose remote is not for others: reads see written objects
    /// only, writes must not ask about the remote's object, and nothing may be deleted.
    /// </summary>
    /// <returns>Whether only the local layer serves it.</returns>
    /// <exception cref="S3Exception">AccessDenied.</exception>
    public static bool IsOfWritten(S3Operation operation, IHeaderDictionary headers) => operation switch
    {
        S3Operation.ListObjects or S3Operation.ListObjectsV2 or S3Operation.ListObjectVersions => true,
        _ when AccessEvaluator.IsOfObject(operation) && operation != S3Operation.RestoreObject => true,
        S3Operation.HeadBucket or S3Operation.GetBucketLocation or S3Operation.GetBucketConfiguration
            or S3Operation.PutBucketConfiguration or S3Operation.ListMultipartUploads or S3Operation.DeleteObjects => false,
        S3Operation.PutObject or S3Operation.PostObject or S3Operation.CopyObject or S3Operation.CreateMultipartUpload
            or S3Operation.UploadPart or S3Operation.UploadPartCopy or S3Operation.CompleteMultipartUpload
            or S3Operation.AbortMultipartUpload or S3Operation.ListParts
            when headers.IfMatch.Count + headers.IfNoneMatch.Count == 0 => false,
        _ => throw new S3Exception(S3Errors.AccessDenied),
    };

    private async ValueTask<AccessDecision> JudgeAsync(AccessQuestion asked, BucketAccess access, bool hasRight, bool isOpen)
    {
        var item = AccessEvaluator.IsOfObject(asked.Operation)
            ? await settings.Access!.FindObjectAsync(asked.Bucket, asked.Key, asked.VersionId is { Length: > 0 } id ? id : null) : null;
        var facts = Facts(asked, access, hasRight, item) with
        {
            IsOpenBySettings = isOpen,

            // Where a remote is shared, it may have the object.
            IsMissing = item is null && AccessEvaluator.IsOfObject(asked.Operation)
                && (!settings.IsOverlaid(asked.Bucket) || settings.KeepsRemote(asked.Bucket)),
        };
        facts = facts.MoreActions.Contains(PutAcl) ? facts with { HasRight = facts.MayOwn } : facts;
        var decision = AccessEvaluator.Judge(facts);
        if (asked.Notes is { } notes)
        {
            notes.NeededAcl = decision == AccessDecision.Opened && AccessEvaluator.NeedsAcl(facts);
        }

        // An object that is written from now on has not been judged. A hidden one has its own answer.
        return decision == AccessDecision.Opened && facts.IsMissing && !settings.Hidden.Covers(asked.Bucket, asked.Key)
            ? throw new S3Exception(asked.VersionId is { Length: > 0 } ? S3Errors.NoSuchVersion : S3Errors.NoSuchKey) : decision;
    }

    private AccessFacts Facts(AccessQuestion asked, BucketAccess access, bool hasRight, ObjectFacts? item)
    {
        var caller = rights.CallerOf(asked.Caller);
        var values = new RequestValues
        {
            Caller = caller,
            Headers = asked.Headers,
            Query = asked.Query,
            VersionId = asked.VersionId,
            Received = settings.Time.GetUtcNow(),
            Address = asked.Context?.Connection.RemoteIpAddress,
            IsSecure = asked.Context?.Request.IsHttps ?? false,
            Tags = item?.Tags,
            NewTags = asked.NewTags
                ?? (IsWrite(asked.Operation) && asked.Headers["x-amz-tagging"].ToString() is { Length: > 0 } tags ? tags : null),
            NewLock = asked.NewLock,
            IsLockInBody = asked.Operation is S3Operation.PutObjectRetention or S3Operation.PutObjectLegalHold,
            ResourceAccount = access.OwnerId ?? settings.Owners?.Account ?? access.Owner,
        };
        return new()
        {
            Operation = asked.Operation,
            Configuration = ConfigurationOf(asked),
            HasVersion = asked.VersionId is { Length: > 0 },
            Bucket = asked.Bucket,
            Key = asked.Key,
            Caller = caller,
            HasRight = hasRight,
            MayOwn = hasRight && rights.MayOwn(asked.Caller, asked.Bucket, asked.Key),
            Access = access,
            Object = item?.Access,
            MoreActions = MoreActions(asked, access),
            Values = values.Of,
        };
    }

    private const string PutAcl = "s3:PutObjectAcl";
    private const string PutTags = "s3:PutObjectTagging";

    /// <summary>What the request's headers ask for, besides the operation.</summary>
    private static List<string> MoreActions(AccessQuestion asked, BucketAccess access)
    {
        List<string> more = [];
        if (IsWrite(asked.Operation))
        {
            if (AclHeaders.AreIn(asked.Headers) && !AclHeaders.AreForOwners(asked.Headers, access.Owner))
            {
                more.Add(PutAcl);
            }

            if (asked.NewTags is not null)
            {
                more.Add(PutTags);
            }

            Add("x-amz-tagging", PutTags);
            Add("x-amz-object-lock-mode", "s3:PutObjectRetention");
            Add("x-amz-object-lock-legal-hold", "s3:PutObjectLegalHold");
        }
        else if (asked.Operation == S3Operation.GetObjectAttributes)
        {
            more.Add(asked.VersionId is { Length: > 0 } ? "s3:GetObjectVersion" : "s3:GetObject");
        }
        else if (asked.Operation is S3Operation.DeleteObject or S3Operation.DeleteObjects or S3Operation.PutObjectRetention)
        {
            Add("x-amz-bypass-governance-retention", "s3:BypassGovernanceRetention");
        }

        return more;

        void Add(string header, string action)
        {
            if (asked.Headers[header].ToString() is { Length: > 0 } value && !value.Equals("false", StringComparison.OrdinalIgnoreCase))
            {
                more.Add(action);
            }
        }
    }

    private static bool IsWrite(S3Operation operation) => operation
        is S3Operation.PutObject or S3Operation.CopyObject or S3Operation.CreateMultipartUpload or S3Operation.PostObject;

    private static string? ConfigurationOf(AccessQuestion asked) => asked.Operation
        is S3Operation.GetBucketConfiguration or S3Operation.PutBucketConfiguration or S3Operation.DeleteBucketConfiguration
        ? SubResources.ConfigurationOf(asked.Query) : null;

    /// <summary>
    /// Whether the operation decides who else may do something, or see what others did. It needs the right <c>owner</c>.
    /// </summary>
    private static bool IsForOwners(in AccessQuestion asked) => asked.Operation switch
    {
        S3Operation.PutObjectAcl => true,
        S3Operation.PutBucketConfiguration or S3Operation.DeleteBucketConfiguration => SubResources.ConfigurationOf(asked.Query)
            is BucketAccess.AclName or BucketAccess.PolicyName or BucketAccess.OwnershipName or BucketAccess.BlockName
            or LoggingConfiguration.Name,
        S3Operation.CreateBucket => (AclHeaders.AreIn(asked.Headers) && !AclHeaders.AreForOwners(asked.Headers, null))
            || asked.Headers["x-amz-object-ownership"] is [not (null or "BucketOwnerEnforced")],
        _ => false,
    };
}

/// <summary>A request, as far as the decision about it needs it.</summary>
internal readonly record struct AccessQuestion(
    S3Caller Caller, S3Operation Operation, string Bucket, string Key, S3Query Query, IHeaderDictionary Headers, HttpContext? Context)
{
    /// <summary>The version; null for none.</summary>
    public string? VersionId { get; init; } = Query["versionId"];

    /// <summary>Whether an S3 endpoint manages the bucket alone.</summary>
    public bool IsForwarded { get; init; }

    /// <summary>Takes what the bucket's log shows of the decision; null if the bucket has none.</summary>
    public LogNotes? Notes { get; init; }

    /// <summary>The tags that the body sets, or the copy gets from its source; null for none.</summary>
    public string? NewTags { get; init; }

    /// <summary>The retention or legal hold that the body sets; null if it sets none.</summary>
    public ObjectLock? NewLock { get; init; }
}
