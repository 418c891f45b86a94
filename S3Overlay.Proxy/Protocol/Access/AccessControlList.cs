using System.Text;

namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>Who may do what with a bucket or object, besides the keys file's rights and the bucket's policy. Immutable.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html</remarks>
/// <param name="Grants">In the order of the document.</param>
public sealed record AccessControlList(IReadOnlyList<Grant> Grants)
{
    /// <summary>The most grants, as in S3.</summary>
    public const int MaxGrants = 100;

    /// <summary>Only the owner: what a bucket or object has until an ACL is set.</summary>
    public static AccessControlList OfOwner(string ownerId) => new([new(Grantee.OfAccount(ownerId), AclPermission.FullControl)]);

    /// <summary>Whether anybody who signs, or anybody at all, has a grant.</summary>
    public bool IsPublic => Grants.Any(static grant => grant.Grantee.IsPublic);

    /// <summary>Whether only the owner has grants.</summary>
    public bool IsPrivate(string ownerId) => Grants.All(grant => grant.Grantee.AccountId == ownerId);

    /// <summary>Whether a caller has a permission.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="needed">The permission, not <see cref="AclPermission.FullControl"/>.</param>
    /// <param name="ignoresPublic">Whether grants to groups do not count (<c>IgnorePublicAcls</c>).</param>
    /// <param name="ownerId">The owner of the resource. Grants to its account do not count: its keys have their own rights.</param>
    public bool Allows(AccessCaller caller, AclPermission needed, bool ignoresPublic, string? ownerId)
    {
        foreach (var (grantee, permission) in Grants)
        {
            if ((permission == needed || permission == AclPermission.FullControl) && (grantee.Kind switch
            {
                GranteeKind.AllUsers => !ignoresPublic,
                GranteeKind.AuthenticatedUsers => !ignoresPublic && caller.Account is not null,
                GranteeKind.Account => caller.Account is { } account && account.Id == grantee.AccountId && account.Id != ownerId,
                _ => false,
            }))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The ACL as the store keeps it: one grant per line.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        foreach (var (grantee, permission) in Grants)
        {
            text.Append(AclPermissions.NameOf(permission)).Append(' ').Append(grantee.Kind == GranteeKind.Account
                ? "id=" + grantee.AccountId : grantee.Uri).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Reads what <see cref="ToText"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static AccessControlList FromText(string text)
    {
        var grants = new List<Grant>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var space = line.IndexOf(' ');
            if (space < 0 || AclPermissions.Parse(line[..space]) is not { } permission)
            {
                throw new InvalidDataException("An ACL cannot be read.");
            }

            var rest = line[(space + 1)..];
            grants.Add(new(rest.StartsWith("id=", StringComparison.Ordinal) ? Grantee.OfAccount(rest[3..])
                : Grantee.OfUri(rest) ?? throw new InvalidDataException("An ACL names an unknown group."), permission));
        }

        return new(grants);
    }
}

/// <summary>One line of an ACL.</summary>
public sealed record Grant(Grantee Grantee, AclPermission Permission);

/// <summary>Who a grant is for.</summary>
public sealed record Grantee
{
    private const string Groups = "http://acs.amazonaws.com/groups/";

    /// <summary>Everybody, signed or not.</summary>
    public static readonly Grantee AllUsers = new() { Kind = GranteeKind.AllUsers, Uri = Groups + "global/AllUsers" };

    /// <summary>Everybody who signs with a key of the keys file.</summary>
    public static readonly Grantee AuthenticatedUsers
        = new() { Kind = GranteeKind.AuthenticatedUsers, Uri = Groups + "global/AuthenticatedUsers" };

    /// <summary>The delivery of bucket logs.</summary>
    public static readonly Grantee LogDelivery = new() { Kind = GranteeKind.LogDelivery, Uri = Groups + "s3/LogDelivery" };

    private Grantee()
    {
    }

    /// <summary>An account or one of the groups.</summary>
    public required GranteeKind Kind { get; init; }

    /// <summary>The account's canonical id; empty for a group.</summary>
    public string AccountId { get; private init; } = "";

    /// <summary>The group's URI; empty for an account.</summary>
    public string Uri { get; private init; } = "";

    /// <summary>Whether it is a group that anybody can be in.</summary>
    public bool IsPublic => Kind is GranteeKind.AllUsers or GranteeKind.AuthenticatedUsers;

    /// <summary>An account.</summary>
    public static Grantee OfAccount(string id) => new() { Kind = GranteeKind.Account, AccountId = id };

    /// <summary>The group with this URI; null if S3 has no such group.</summary>
    public static Grantee? OfUri(string uri) =>
        uri == AllUsers.Uri ? AllUsers : uri == AuthenticatedUsers.Uri ? AuthenticatedUsers : uri == LogDelivery.Uri ? LogDelivery : null;
}

/// <summary>The kinds of grantees.</summary>
public enum GranteeKind
{
    /// <summary>One account, by its canonical id.</summary>
    Account,

    /// <summary>Everybody.</summary>
    AllUsers,

    /// <summary>Everybody who signs.</summary>
    AuthenticatedUsers,

    /// <summary>The delivery of bucket logs.</summary>
    LogDelivery,
}

/// <summary>The permissions of ACLs.</summary>
public enum AclPermission
{
    /// <summary>List a bucket; read an object.</summary>
    Read,

    /// <summary>Write and delete objects of a bucket.</summary>
    Write,

    /// <summary>Read the ACL.</summary>
    ReadAcp,

    /// <summary>Write the ACL.</summary>
    WriteAcp,

    /// <summary>All of them.</summary>
    FullControl,
}

/// <summary>The names of permissions in S3's documents.</summary>
public static class AclPermissions
{
    /// <summary>The name of a permission.</summary>
    public static string NameOf(AclPermission permission) => permission switch
    {
        AclPermission.Read => "READ",
        AclPermission.Write => "WRITE",
        AclPermission.ReadAcp => "READ_ACP",
        AclPermission.WriteAcp => "WRITE_ACP",
        _ => "FULL_CONTROL",
    };

    /// <summary>The permission of that name; null if there is none.</summary>
    public static AclPermission? Parse(string? name) => name switch
    {
        "READ" => AclPermission.Read,
        "WRITE" => AclPermission.Write,
        "READ_ACP" => AclPermission.ReadAcp,
        "WRITE_ACP" => AclPermission.WriteAcp,
        "FULL_CONTROL" => AclPermission.FullControl,
        _ => null,
    };
}
