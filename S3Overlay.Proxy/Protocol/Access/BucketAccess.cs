using System.Collections.Immutable;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>Who owns the objects of a bucket.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html</remarks>
public enum ObjectOwnership
{
    /// <summary>The bucket's owner owns everything, and there are no ACLs: the default.</summary>
    BucketOwnerEnforced,

    /// <summary>The writer owns the object, unless it was written with <c>bucket-owner-full-control</c>.</summary>
    BucketOwnerPreferred,

    /// <summary>The writer owns the object.</summary>
    ObjectWriter,
}

/// <summary>What a bucket refuses or ignores although an ACL or its policy says otherwise.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_PublicAccessBlockConfiguration.html</remarks>
/// <param name="BlocksAcls">Whether ACLs for groups of everybody cannot be set.</param>
/// <param name="IgnoresAcls">Whether such ACLs do not count.</param>
/// <param name="BlocksPolicy">Whether a policy for everybody cannot be set.</param>
/// <param name="Restricts">Whether such a policy counts for the owner's account alone.</param>
public sealed record PublicAccessBlock(bool BlocksAcls, bool IgnoresAcls, bool BlocksPolicy, bool Restricts)
{
    /// <summary>Everything is blocked: the default.</summary>
    public static readonly PublicAccessBlock All = new(true, true, true, true);

    /// <summary>Nothing is.</summary>
    public static readonly PublicAccessBlock None = new(false, false, false, false);

    /// <summary>Reads the document.</summary>
    /// <exception cref="S3Exception">MalformedXML.</exception>
    public static PublicAccessBlock Read(System.Xml.Linq.XElement root)
    {
        return root.Name.LocalName == "PublicAccessBlockConfiguration"
            ? new(Is("BlockPublicAcls"), Is("IgnorePublicAcls"), Is("BlockPublicPolicy"), Is("RestrictPublicBuckets"))
            : throw new S3Exception(S3Errors.MalformedXml);

        bool Is(string name) => root.ChildText(name)?.Trim() switch
        {
            null or "false" or "FALSE" => false,
            "true" or "TRUE" => true,
            _ => throw new S3Exception(S3Errors.MalformedXml),
        };
    }

    /// <summary>The document.</summary>
    public S3XmlWriter Write() => new S3XmlWriter().Root("PublicAccessBlockConfiguration")
        .Element("BlockPublicAcls", BlocksAcls).Element("IgnorePublicAcls", IgnoresAcls).Element("BlockPublicPolicy", BlocksPolicy)
        .Element("RestrictPublicBuckets", Restricts).Close("PublicAccessBlockConfiguration");
}

/// <summary>Everything about a bucket that decides who may do what in it, besides the keys file's rights. Parsed, immutable.</summary>
public sealed record BucketAccess
{
    /// <summary>The account that created the bucket; null if it has no id, so that every key's rights count.</summary>
    public string? OwnerId { get; init; }

    /// <summary>The policy; null for none.</summary>
    public BucketPolicy? Policy { get; init; }

    /// <summary>The bucket's ACL; null if only the owner has rights.</summary>
    public AccessControlList? Acl { get; init; }

    /// <summary>Who owns the objects.</summary>
    public ObjectOwnership Ownership { get; init; }

    /// <summary>What is blocked.</summary>
    public PublicAccessBlock Block { get; init; } = PublicAccessBlock.All;

    /// <summary>Whether ACLs count.</summary>
    public bool HasAcls => Ownership != ObjectOwnership.BucketOwnerEnforced;

    /// <summary>Whether the keys file's rights decide alone.</summary>
    public bool IsPlain => OwnerId is null && Policy is null && !HasAcls;

    /// <summary>The owner as ACLs name it.</summary>
    public string Owner => OwnerId ?? Account.Default.Id;

    /// <summary>The names of the documents that a bucket keeps this in.</summary>
    public const string OwnerName = "owner", PolicyName = "policy", AclName = "acl", OwnershipName = "ownershipControls",
        BlockName = "publicAccessBlock";

    /// <summary>A document that was deleted, where having none means the default of new buckets.</summary>
    public const string Deleted = "";

    /// <summary>Reads the documents of a bucket.</summary>
    public static BucketAccess Of(string bucket, ImmutableSortedDictionary<string, string> documents) => new()
    {
        OwnerId = documents.GetValueOrDefault(OwnerName),
        Policy = documents.TryGetValue(PolicyName, out var policy) ? PolicyReader.ReadKept(policy, bucket) : null,
        Acl = documents.TryGetValue(AclName, out var acl) ? AccessControlList.FromText(acl) : null,
        Ownership = !documents.TryGetValue(OwnershipName, out var ownership) ? ObjectOwnership.BucketOwnerEnforced
            : ownership == Deleted ? ObjectOwnership.ObjectWriter : Enum.Parse<ObjectOwnership>(ownership),
        Block = !documents.TryGetValue(BlockName, out var block) ? PublicAccessBlock.All
            : block == Deleted ? PublicAccessBlock.None : PublicAccessBlock.Read(System.Xml.Linq.XElement.Parse(block)),
    };
}

/// <summary>Who owns an object, and its ACL.</summary>
/// <param name="OwnerId">The account that wrote it; null for the bucket's owner.</param>
/// <param name="Acl">Null if only the owner has rights.</param>
public sealed record ObjectAccess(string? OwnerId, AccessControlList? Acl)
{
    private const string Owner = "owner=";

    /// <summary>An object of the bucket's owner alone.</summary>
    public static readonly ObjectAccess Plain = new(null, null);

    /// <summary>As the store keeps it; null for <see cref="Plain"/>.</summary>
    public string? ToText() => OwnerId is null && Acl is null ? null
        : (OwnerId is null ? "" : Owner + OwnerId + "\n") + (Acl?.ToText() ?? "");

    /// <summary>Reads what <see cref="ToText"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static ObjectAccess FromText(string? text)
    {
        if (text is null)
        {
            return Plain;
        }

        var end = text.StartsWith(Owner, StringComparison.Ordinal) ? text.IndexOf('\n') : -1;
        var rest = text[(end + 1)..];
        return new(end < 0 ? null : text[Owner.Length..end], rest.Length == 0 ? null : AccessControlList.FromText(rest));
    }
}

/// <summary>What decides about an object besides its bucket.</summary>
/// <param name="Access">Owner and ACL.</param>
/// <param name="Tags">Its tags as a query string; null for none.</param>
public sealed record ObjectFacts(ObjectAccess Access, string? Tags);

/// <summary>The access settings of buckets and objects in the local layer.</summary>
public interface IBucketAccess
{
    /// <summary>Whether some bucket belongs to an account with an id of its own.</summary>
    bool HasOwners { get; }

    /// <summary>A bucket's settings; null if the keys file's rights decide alone.</summary>
    BucketAccess? Find(string bucket);

    /// <summary>Whether the local layer has the bucket.</summary>
    bool Exists(string bucket);

    /// <summary>Whether the bucket was deleted here, so that a remote's bucket of the name is hidden.</summary>
    bool IsDeleted(string bucket);

    /// <summary>Owner, ACL and tags of an object or version; null if the local layer has none.</summary>
    ValueTask<ObjectFacts?> FindObjectAsync(string bucket, string key, string? versionId);
}
