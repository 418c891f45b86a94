using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Buckets;

/// <summary>The configurations that decide who may do what in a bucket.</summary>
/// <param name="accounts">The accounts that an ACL may name.</param>
internal sealed class AccessDocuments(IAccounts accounts)
{
    private static readonly BucketDocument Policy = new(BucketAccess.PolicyName, ReadPolicyAsync)
    {
        PutStatus = StatusCodes.Status204NoContent,
        ContentType = "application/json",
        DependsOn = [BucketAccess.BlockName],
    };

    private static readonly BucketDocument PolicyStatus = new("policyStatus", static (_, _, _) =>
        throw new S3Exception(S3Errors.NotImplemented))
    {
        Show = static bucket => AccessOf(bucket).Policy is not { } policy ? null
            : new S3XmlWriter().Root("PolicyStatus").Element("IsPublic", policy.IsPublic).Close("PolicyStatus").TakeText(),
    };

    private static readonly BucketDocument Block = new(BucketAccess.BlockName, ReadBlockAsync)
    {
        Show = static bucket => bucket.Documents.GetValueOrDefault(BucketAccess.BlockName) == BucketAccess.Deleted
            ? throw new S3Exception(AccessErrors.NoPublicAccessBlock) : AccessOf(bucket).Block.Write().TakeText(),
        AfterDelete = BucketAccess.Deleted,
    };

    private static readonly BucketDocument Ownership = new(BucketAccess.OwnershipName, ReadOwnershipAsync)
    {
        Show = static bucket => bucket.Documents.GetValueOrDefault(BucketAccess.OwnershipName) == BucketAccess.Deleted
            ? throw new S3Exception(AccessErrors.NoOwnershipControls)
            : new S3XmlWriter().Root("OwnershipControls").Open("Rule").Element("ObjectOwnership", AccessOf(bucket).Ownership.ToString())
                .Close("Rule").Close("OwnershipControls").TakeText(),
        AfterDelete = BucketAccess.Deleted,
        DependsOn = [BucketAccess.AclName],
    };

    /// <summary>The configuration of a sub-resource; null if it decides nothing.</summary>
    public BucketDocument? Find(string? name) => name switch
    {
        BucketAccess.PolicyName => Policy,
        "policyStatus" => PolicyStatus,
        BucketAccess.BlockName => Block,
        BucketAccess.OwnershipName => Ownership,
        BucketAccess.AclName => new(BucketAccess.AclName, ReadAclAsync)
        {
            Show = ShowAcl,
            DependsOn = [BucketAccess.OwnershipName, BucketAccess.BlockName],
        },
        _ => null,
    };

    /// <summary>The access settings of a bucket.</summary>
    public static BucketAccess AccessOf(BucketRecord bucket) => BucketAccess.Of(bucket.Name, bucket.Documents);

    /// <summary>Reads an ACL from headers or body.</summary>
    /// <param name="request">PutBucketAcl or PutObjectAcl.</param>
    /// <param name="access">The bucket's settings.</param>
    /// <param name="ownerId">The owner of the bucket or object.</param>
    /// <param name="accounts">The accounts that it may name.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="S3Exception">AccessControlListNotSupported, AccessDenied, MalformedACLError, InvalidArgument.</exception>
    public static async Task<AccessControlList> ReadAclAsync(
        S3Request request, BucketAccess access, string ownerId, IAccounts accounts, CancellationToken cancellationToken)
    {
        if (!access.HasAcls)
        {
            throw new S3Exception(AccessErrors.AclNotSupported);
        }

        var isOfBucket = request.Key.Length == 0;
        var root = await ReadXmlAsync(request.Body, cancellationToken);
        var acl = AclHeaders.Read(request.Headers, ownerId, isOfBucket ? null : access.Owner, accounts);
        if (acl is not null && root is not null)
        {
            throw new S3Exception(AccessErrors.UnexpectedContent);
        }

        acl ??= root is null ? throw new S3Exception(AccessErrors.MissingSecurityHeader) : AclDocuments.Read(root, ownerId, accounts);
        return acl.IsPublic && access.Block.BlocksAcls ? throw new S3Exception(S3Errors.AccessDenied) : acl;
    }

    /// <summary>The documents of a new bucket.</summary>
    /// <exception cref="S3Exception">InvalidBucketAclWithObjectOwnership, InvalidBucketAclWithBlockPublicAccessError, InvalidArgument.
    /// </exception>
    public static BucketRecord OfNew(BucketRecord bucket, S3Request request, bool hasAcls, IAccounts accounts)
    {
        bucket = bucket.With(BucketAccess.OwnerName, request.Account is { } account && account != Account.Anonymous ? account.Id : null);
        var ownership = request.Header("x-amz-object-ownership");
        if (hasAcls)
        {
            bucket = bucket.With(BucketAccess.OwnershipName, BucketAccess.Deleted).With(BucketAccess.BlockName, BucketAccess.Deleted);
        }

        if (ownership is not null)
        {
            bucket = bucket.With(BucketAccess.OwnershipName, ParseOwnership(ownership) is { } known ? known.ToString()
                : throw S3Exception.Argument($"Invalid x-amz-object-ownership header: {ownership}", "x-amz-object-ownership"));
        }

        var access = AccessOf(bucket);
        var acl = AclHeaders.Read(request.Headers, access.Owner, null, accounts);
        if (acl is null || acl.IsPrivate(access.Owner))
        {
            return bucket;
        }

        return !access.HasAcls ? throw new S3Exception(AccessErrors.InvalidBucketAcl)
            : acl.IsPublic && access.Block.BlocksAcls ? throw new S3Exception(AccessErrors.InvalidBlockedAcl)
            : bucket.With(BucketAccess.AclName, acl.ToText());
    }

    private static async Task<string?> ReadPolicyAsync(S3Request request, BucketRecord bucket, CancellationToken cancellationToken)
    {
        if (request.Body.Length > BucketPolicy.MaxSize)
        {
            throw new S3Exception(AccessErrors.PolicyTooLarge);
        }

        // One spare byte: the read that finds the end also runs the checks of the body.
        var bytes = new byte[BucketPolicy.MaxSize + 1];
        var length = 0;
        while (length < bytes.Length && await request.Body.ReadAsync(bytes.AsMemory(length), cancellationToken) is > 0 and var read)
        {
            length += read;
        }

        if (length > BucketPolicy.MaxSize)
        {
            throw new S3Exception(AccessErrors.PolicyTooLarge);
        }

        if (length == 0)
        {
            throw new S3Exception(S3Errors.MissingRequestBody);
        }

        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.AsSpan(0, length));
        }
        catch (ArgumentException problem)
        {
            throw new S3Exception(AccessErrors.MalformedPolicy, "This policy contains invalid Json", problem);
        }

        return PolicyReader.Read(text, bucket.Name) is { IsPublic: true } && AccessOf(bucket).Block.BlocksPolicy
            ? throw new S3Exception(S3Errors.AccessDenied) : text;
    }

    private static async Task<string?> ReadBlockAsync(S3Request request, BucketRecord bucket, CancellationToken cancellationToken) =>
        PublicAccessBlock.Read(await RequireXmlAsync(request.Body, cancellationToken)).Write().TakeText();

    private static async Task<string?> ReadOwnershipAsync(S3Request request, BucketRecord bucket, CancellationToken cancellationToken)
    {
        var root = await RequireXmlAsync(request.Body, cancellationToken);
        if (root.Name.LocalName != "OwnershipControls" || root.Children("Rule").ToList() is not [var rule]
            || ParseOwnership(rule.ChildText("ObjectOwnership")) is not { } ownership)
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        var access = AccessOf(bucket);
        return ownership == ObjectOwnership.BucketOwnerEnforced && access.Acl is { } acl && !acl.IsPrivate(access.Owner)
            ? throw new S3Exception(AccessErrors.InvalidBucketAcl) : ownership.ToString();
    }

    private async Task<string?> ReadAclAsync(S3Request request, BucketRecord bucket, CancellationToken cancellationToken)
    {
        var access = AccessOf(bucket);
        return (await ReadAclAsync(request, access, access.Owner, accounts, cancellationToken)).ToText();
    }

    private string ShowAcl(BucketRecord bucket)
    {
        var access = AccessOf(bucket);
        var owner = accounts.Find(access.Owner) ?? new Account(access.Owner, "");
        var acl = access.HasAcls ? access.Acl : null;
        return AclDocuments.Write(acl ?? AccessControlList.OfOwner(owner.Id), owner, accounts).TakeText();
    }

    private static ObjectOwnership? ParseOwnership(string? name) => name switch
    {
        nameof(ObjectOwnership.BucketOwnerEnforced) => ObjectOwnership.BucketOwnerEnforced,
        nameof(ObjectOwnership.BucketOwnerPreferred) => ObjectOwnership.BucketOwnerPreferred,
        nameof(ObjectOwnership.ObjectWriter) => ObjectOwnership.ObjectWriter,
        _ => null,
    };

    private static Task<System.Xml.Linq.XElement?> ReadXmlAsync(S3Body body, CancellationToken cancellationToken) =>
        S3XmlReader.ReadAsync(body, cancellationToken);

    private static async Task<System.Xml.Linq.XElement> RequireXmlAsync(S3Body body, CancellationToken cancellationToken) =>
        await ReadXmlAsync(body, cancellationToken) ?? throw new S3Exception(S3Errors.MissingRequestBody);
}
