using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>The ACL that the headers of a request ask for: a canned one, or grants.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl</remarks>
public static class AclHeaders
{
    /// <summary>The header of a canned ACL.</summary>
    public const string Canned = "x-amz-acl";

    private const string GrantPrefix = "x-amz-grant-";

    private static readonly (string Header, AclPermission Permission)[] Grants =
    [
        ("x-amz-grant-read", AclPermission.Read), ("x-amz-grant-write", AclPermission.Write),
        ("x-amz-grant-read-acp", AclPermission.ReadAcp), ("x-amz-grant-write-acp", AclPermission.WriteAcp),
        ("x-amz-grant-full-control", AclPermission.FullControl),
    ];

    /// <summary>Whether the request has an ACL in its headers.</summary>
    public static bool AreIn(IHeaderDictionary headers)
    {
        if (headers.ContainsKey(Canned))
        {
            return true;
        }

        foreach (var (name, _) in headers)
        {
            if (name.StartsWith(GrantPrefix, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads the headers.</summary>
    /// <param name="headers">The request's headers.</param>
    /// <param name="ownerId">Who will own the bucket or object.</param>
    /// <param name="bucketOwnerId">Who owns the bucket; null for an ACL of a bucket.</param>
    /// <param name="accounts">The accounts that may be granted something.</param>
    /// <returns>Null if there are no such headers.</returns>
    /// <exception cref="S3Exception">InvalidArgument, InvalidRequest for both kinds at once.</exception>
    public static AccessControlList? Read(IHeaderDictionary headers, string ownerId, string? bucketOwnerId, IAccounts accounts)
    {
        List<Grant>? grants = null;
        foreach (var (name, values) in headers)
        {
            if (name.StartsWith(GrantPrefix, StringComparison.OrdinalIgnoreCase))
            {
                var known = Grants.FirstOrDefault(each => each.Header.Equals(name, StringComparison.OrdinalIgnoreCase));
                if (known.Header is null)
                {
                    throw S3Exception.Argument("The grant header is not known.", name.ToLowerInvariant(), values.ToString());
                }

                (grants ??= []).AddRange(ReadGrantees(name, values.ToString(), accounts).Select(each => new Grant(each, known.Permission)));
            }
        }

        if (!headers.TryGetValue(Canned, out var canned))
        {
            return grants is null ? null
                : grants.Count is > 0 and <= AccessControlList.MaxGrants ? new(grants) : throw new S3Exception(AccessErrors.MalformedAcl);
        }

        return grants is null
            ? OfCanned(canned.ToString(), ownerId, bucketOwnerId)
            : throw new S3Exception(S3Errors.InvalidRequest, "Specifying both Canned ACLs and Header Grants is not allowed");
    }

    /// <summary>Whether the headers give rights to the writer and the bucket's owner alone.</summary>
    public static bool AreForOwners(IHeaderDictionary headers, string? bucketOwnerId)
    {
        foreach (var (name, values) in headers)
        {
            if (name.StartsWith(GrantPrefix, StringComparison.OrdinalIgnoreCase)
                && (bucketOwnerId is null || values.ToString().Replace("\"", "", StringComparison.Ordinal) != "id=" + bucketOwnerId))
            {
                return false;
            }
        }

        return !headers.TryGetValue(Canned, out var canned)
            || canned.ToString() is "private" or "bucket-owner-full-control" or "bucket-owner-read";
    }

    private static AccessControlList OfCanned(string name, string ownerId, string? bucketOwnerId)
    {
        Grant[] more = name switch
        {
            "private" or "aws-exec-read" => [],
            "public-read" => [new(Grantee.AllUsers, AclPermission.Read)],
            "public-read-write" => [new(Grantee.AllUsers, AclPermission.Read), new(Grantee.AllUsers, AclPermission.Write)],
            "authenticated-read" => [new(Grantee.AuthenticatedUsers, AclPermission.Read)],
            "log-delivery-write" when bucketOwnerId is null =>
                [new(Grantee.LogDelivery, AclPermission.Write), new(Grantee.LogDelivery, AclPermission.ReadAcp)],
            "bucket-owner-read" when bucketOwnerId is not null => [new(Grantee.OfAccount(bucketOwnerId), AclPermission.Read)],
            "bucket-owner-full-control" when bucketOwnerId is not null =>
                [new(Grantee.OfAccount(bucketOwnerId), AclPermission.FullControl)],
            "bucket-owner-read" or "bucket-owner-full-control" => [],
            _ => throw S3Exception.Argument(S3Errors.InvalidArgument.Message, Canned, name),
        };
        return new([.. AccessControlList.OfOwner(ownerId).Grants, .. more.Where(grant => grant.Grantee.AccountId != ownerId)]);
    }

    /// <summary><c>id="...", uri="..."</c></summary>
    private static IEnumerable<Grantee> ReadGrantees(string header, string value, IAccounts accounts)
    {
        foreach (var part in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=');
            var text = equals < 0 ? "" : part[(equals + 1)..].Trim().Trim('"');
            yield return (equals < 0 ? "" : part[..equals].Trim().ToLowerInvariant()) switch
            {
                "id" => AclDocuments.OfAccount(text, accounts),
                "uri" => AclDocuments.OfGroup(text),
                "emailaddress" => throw AclDocuments.NoEmail(),
                _ => throw S3Exception.Argument("Argument format not recognized", header.ToLowerInvariant(), value),
            };
        }
    }
}
