namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>The callers that a statement is about.</summary>
/// <remarks>https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html</remarks>
/// <param name="Names">
/// For accounts (<c>AWS</c>): <c>*</c>, a canonical id or the account's 12 digits, <c>arn:aws:iam::ACCOUNT:root</c> or
/// <c>arn:aws:iam::ACCOUNT:user/NAME</c>.
/// </param>
/// <param name="IsNot">Whether it is about everyone else (<c>NotPrincipal</c>).</param>
public sealed record PolicyPrincipals(IReadOnlyList<string> Names, bool IsNot)
{
    private const string Arn = "arn:";

    /// <summary>The services, such as the delivery of bucket logs: no client is ever one of them.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Whether everybody is meant, unsigned requests included.</summary>
    public bool IsEverybody => IsNot || Names.Contains("*");

    /// <summary>Whether a text can name callers.</summary>
    public static bool IsName(string name) => name == "*" || PartsOf(name) is not null
        || (!name.StartsWith(Arn, StringComparison.Ordinal) && Account.IsId(name));

    /// <summary>
    /// Whether the statement is about the caller. A service is only allowed what names it, and is denied what everybody is denied.
    /// </summary>
    public bool Matches(AccessCaller caller, bool isAllow)
    {
        if (caller.Service is { } service)
        {
            return (Services.Contains(service) || (!isAllow && Names.Contains("*"))) != IsNot;
        }

        foreach (var name in Names)
        {
            if (name == "*" || (caller.Account is not null && IsNamed(name, caller, caller.Account)))
            {
                return !IsNot;
            }
        }

        return IsNot;
    }

    private static bool IsNamed(string name, AccessCaller caller, Account account)
    {
        if (PartsOf(name) is not var (id, user))
        {
            return IsOf(name, caller, account);
        }

        return (id.Length == 0 ? user.Length > 0 : IsOf(id, caller, account))
            && (user.Length == 0 || user == caller.AccessKey || user == account.DisplayName || user == account.Id);
    }

    private static bool IsOf(string id, AccessCaller caller, Account account) =>
        id == account.Id || (caller.AccountNumber is { } number && id == number);

    /// <summary>The account and user of an ARN; the user is empty for <c>root</c>. Null for another text.</summary>
    private static (string Account, string User)? PartsOf(string name)
    {
        if (!name.StartsWith(Arn, StringComparison.Ordinal) || name.Split(':', 6) is not [_, { Length: > 0 }, "iam", "", var id, var rest]
            || (id.Length > 0 && !Account.IsId(id)))
        {
            return null;
        }

        return rest == "root" && id.Length > 0 ? (id, "")
            : rest.Length > 5 && rest.StartsWith("user/", StringComparison.Ordinal) && !rest.Contains('*', StringComparison.Ordinal)
                ? (id, rest[(rest.LastIndexOf('/') + 1)..])
            : rest.Length > 5 && rest.StartsWith("role/", StringComparison.Ordinal) && !rest.Contains('*', StringComparison.Ordinal)
                ? (id, rest)
            : null;
    }
}
