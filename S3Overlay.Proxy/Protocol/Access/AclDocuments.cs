using System.Xml.Linq;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>ACLs as XML.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_AccessControlPolicy.html</remarks>
public static class AclDocuments
{
    // Not a name of the framework's: one that is kept keeps all names that were ever seen in its namespace.
    private const string TypeName = "type";
    private const string TypeNamespace = "http://www.w3.org/2001/XMLSchema-instance";

    /// <summary>Reads the document of PutBucketAcl and PutObjectAcl.</summary>
    /// <param name="root">The document.</param>
    /// <param name="ownerId">The owner, which the document must name if it names one.</param>
    /// <param name="accounts">The accounts that may be granted something.</param>
    /// <exception cref="S3Exception">
    /// MalformedACLError; InvalidArgument for an unknown account or group; AccessDenied for another owner; MethodNotAllowed for a grant to
    /// an e-mail address, as in S3 since October 2025.
    /// </exception>
    public static AccessControlList Read(XElement root, string ownerId, IAccounts accounts)
    {
        if (root.Name.LocalName != "AccessControlPolicy" || root.Children("AccessControlList").ToList() is not [var list])
        {
            throw new S3Exception(AccessErrors.MalformedAcl);
        }

        if (root.Children("Owner").ToList() is not [var owner])
        {
            throw new S3Exception(AccessErrors.MalformedAcl);
        }

        if (owner.ChildText("ID") is { Length: > 0 } named && named != ownerId)
        {
            throw new S3Exception(S3Errors.AccessDenied);
        }

        var grants = list.Children("Grant").Select(grant => ReadGrant(grant, accounts)).ToList();
        return grants.Count <= AccessControlList.MaxGrants ? new(grants) : throw new S3Exception(AccessErrors.MalformedAcl);
    }

    /// <summary>The document of GetBucketAcl and GetObjectAcl.</summary>
    public static S3XmlWriter Write(AccessControlList list, Account owner, IAccounts accounts)
    {
        var xml = new S3XmlWriter().Root("AccessControlPolicy");
        xml.Open("Owner").Account(owner).Close("Owner").Open("AccessControlList");

        // Groups first: the order has no meaning, and some clients sort accounts by a name that groups lack.
        foreach (var (grantee, permission) in list.Grants.OrderBy(static grant => grant.Grantee.Kind == GranteeKind.Account))
        {
            WriteGrant(xml, new(grantee, permission), accounts, owner);
        }

        return xml.Close("AccessControlList").Close("AccessControlPolicy");
    }

    /// <summary>Writes one grant.</summary>
    internal static void WriteGrant(S3XmlWriter xml, Grant grant, IAccounts accounts, Account? owner = null)
    {
        var grantee = grant.Grantee;
        var isAccount = grantee.Kind == GranteeKind.Account;
        xml.Open("Grant").Raw("<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"")
            .Raw(isAccount ? "CanonicalUser" : "Group").Raw("\">");
        if (isAccount)
        {
            xml.Account(grantee.AccountId == owner?.Id ? owner : accounts.Find(grantee.AccountId) ?? new Account(grantee.AccountId, ""));
        }
        else
        {
            xml.Element("URI", grantee.Uri);
        }

        xml.Close("Grantee").Element("Permission", AclPermissions.NameOf(grant.Permission)).Close("Grant");
    }

    /// <summary>An account's id and name, inside of an element such as <c>Owner</c>.</summary>
    public static S3XmlWriter Account(this S3XmlWriter xml, Account account)
    {
        xml.Element("ID", account.Id);
        return account.DisplayName.Length > 0 ? xml.Element("DisplayName", account.DisplayName) : xml;
    }

    /// <summary>Reads one grant.</summary>
    internal static Grant ReadGrant(XElement grant, IAccounts accounts)
    {
        if (grant.Children("Grantee").ToList() is not [var grantee] || AclPermissions.Parse(grant.ChildText("Permission")) is not { } right)
        {
            throw new S3Exception(AccessErrors.MalformedAcl);
        }

        var type = grantee.Attributes().FirstOrDefault(static attribute =>
            attribute.Name.LocalName == TypeName && attribute.Name.NamespaceName == TypeNamespace)?.Value;
        return type switch
        {
            "CanonicalUser" => new(OfAccount(grantee.ChildText("ID") ?? "", accounts), right),
            "Group" => new(OfGroup(grantee.ChildText("URI") ?? ""), right),
            "AmazonCustomerByEmail" => throw NoEmail(),
            _ => throw new S3Exception(AccessErrors.MalformedAcl),
        };
    }

    internal static Grantee OfAccount(string id, IAccounts accounts) => accounts.Find(id) is { } account
        ? Grantee.OfAccount(account.Id) : throw S3Exception.Argument("Invalid id", "CanonicalUser/ID", id);

    internal static Grantee OfGroup(string uri) => Grantee.OfUri(uri) ?? throw S3Exception.Argument("Invalid group uri", "Group/URI", uri);

    internal static S3Exception NoEmail() => new(S3Errors.MethodNotAllowed, "Grants to e-mail addresses are not supported.");
}
