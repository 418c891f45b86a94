namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>An owner of buckets and objects: one or more keys of the keys file.</summary>
/// <param name="Id">The canonical id, as in ACLs.</param>
/// <param name="DisplayName">The name that responses show.</param>
public sealed record Account(string Id, string DisplayName)
{
    /// <summary>The account of keys without an id of their own.</summary>
    public static readonly Account Default = new("75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a", "s3overlay");

    /// <summary>The owner of objects that anonymous callers write, as in S3.</summary>
    public static readonly Account Anonymous = new("65a011a29cdf8ec533ec3d1ccaae921c", "anonymous");

    /// <summary>Whether a text can be a canonical id: 1 to 128 printable ASCII characters, without those that separate fields.</summary>
    public static bool IsId(string id) => id.Length is > 0 and <= 128 && !id.AsSpan().ContainsAnyExceptInRange('!', '~')
        && !id.AsSpan().ContainsAny("\"',:;/*?<>&");
}

/// <summary>Finds accounts by id.</summary>
public interface IAccounts
{
    /// <summary>The account; null if no key has it.</summary>
    Account? Find(string id);
}

/// <summary>The accounts of the keys file, the one of keys without an id, and the one of anonymous writers.</summary>
public sealed class Accounts(IEnumerable<Account> accounts) : IAccounts
{
    private readonly Dictionary<string, Account> _accounts = accounts.Append(Account.Default).Append(Account.Anonymous)
        .DistinctBy(static account => account.Id).ToDictionary(static account => account.Id, StringComparer.Ordinal);

    /// <summary>Only keys without an id.</summary>
    public static readonly Accounts None = new([]);

    /// <inheritdoc/>
    public Account? Find(string id) => _accounts.GetValueOrDefault(id);
}

/// <summary>Who asks, for the decision about a request.</summary>
/// <param name="Account">The account of the key; null for an unsigned request.</param>
/// <param name="AccessKey">The key; empty for an unsigned request.</param>
public sealed record AccessCaller(Account? Account, string AccessKey)
{
    /// <summary>The sender of an unsigned request.</summary>
    public static readonly AccessCaller Anonymous = new(null, "");

    /// <summary>The service of this server that acts, such as the delivery of bucket logs; null for clients.</summary>
    public string? Service { get; init; }

    /// <summary>The 12 digits by which policies may name the account too; null if none are configured.</summary>
    public string? AccountNumber { get; init; }
}
