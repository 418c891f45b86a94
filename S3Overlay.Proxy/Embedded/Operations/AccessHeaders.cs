using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>Owner and ACL of what a request creates.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html</remarks>
internal static class AccessHeaders
{
    /// <summary>Owner and ACL of a new object, as text; null if only the bucket's owner has rights.</summary>
    /// <exception cref="S3Exception">
    /// AccessControlListNotSupported in a bucket without ACLs; AccessDenied for a public ACL that is blocked; InvalidArgument.
    /// </exception>
    public static string? OfObject(EmbeddedStore store, S3Request request)
    {
        var access = store.Buckets.AccessOf(request.Bucket);
        var owner = access?.Owner ?? Account.Default.Id;
        if ((request.Caller.IsOverlay && !AclHeaders.AreIn(request.Headers)) || request is OverlayPut { CopiedUp: not null })
        {
            return null;
        }

        if (access is not { HasAcls: true })
        {
            var isSet = store.Buckets.Find(request.Bucket)?.Documents.ContainsKey(BucketAccess.OwnershipName) ?? false;
            Refuse(request.Headers, owner, store.Accounts, allowsPrivate: !isSet);
            return null;
        }

        var writer = access.Ownership == ObjectOwnership.BucketOwnerPreferred
            && request.Header(AclHeaders.Canned) == "bucket-owner-full-control" ? owner : (request.Account ?? Account.Default).Id;
        var acl = AclHeaders.Read(request.Headers, writer, owner, store.Accounts);
        if (acl is { IsPublic: true } && access.Block.BlocksAcls)
        {
            throw new S3Exception(S3Errors.AccessDenied);
        }

        return new ObjectAccess(writer == owner ? null : writer, acl is null || acl.IsPrivate(writer) ? null : acl).ToText();
    }

    /// <summary>
    /// Where the bucket's owner owns everything, an ACL may say just that. S3 refuses <c>private</c> too, which many tools send with every
    /// upload. Here it is refused only in buckets whose ownership was set.
    /// </summary>
    private static void Refuse(IHeaderDictionary headers, string owner, IAccounts accounts, bool allowsPrivate)
    {
        if (AclHeaders.AreIn(headers) && AclHeaders.Read(headers, "", owner, accounts) is { } acl
            && (headers.TryGetValue(AclHeaders.Canned, out var canned)
                ? canned != "bucket-owner-full-control" && !(allowsPrivate && canned == "private")
                : acl.Grants is not [{ Permission: AclPermission.FullControl } grant] || grant.Grantee.AccountId != owner))
        {
            throw new S3Exception(AccessErrors.AclNotSupported);
        }
    }
}
