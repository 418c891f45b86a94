using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Configuration.Keys;

/// <summary>The configured client keys: their secrets, for authentication, and what each may do.</summary>
/// <param name="keys">The keys that clients sign with.</param>
/// <param name="everyoneMayEverything">True if authentication is off (<c>S3_OVERLAY_AUTH=none</c>): nothing is refused.</param>
/// <param name="readableByAll">What anyone may read without signing (rule A3); null for nothing.</param>
public sealed class AccessRights(
    IEnumerable<ClientKey> keys, bool everyoneMayEverything = false, IReadOnlyList<BucketRight>? readableByAll = null) : IKeyRing
{
    private static readonly AccessCaller Everyone = new(Account.Default, "");

    private readonly FrozenDictionary<string, ClientKey> _keys = keys.ToFrozenDictionary(key => key.AccessKey, StringComparer.Ordinal);
    private readonly IReadOnlyList<BucketRight> _readableByAll = readableByAll ?? [];

    /// <inheritdoc/>
    public bool TryGetSecret(string accessKey, [NotNullWhen(true)] out string? secret)
    {
        secret = _keys.TryGetValue(accessKey, out var key) ? key.SecretKey : null;
        return secret is not null;
    }

    /// <summary>The 12 digits of the account of keys without an id; null for none.</summary>
    public string? AccountNumber { get; init; }

    /// <summary>The caller with its account. Without authentication, everybody is the account of keys without an id.</summary>
    public AccessCaller CallerOf(S3Caller caller) =>
        everyoneMayEverything ? Everyone
        : !_keys.TryGetValue(caller.AccessKey, out var known) ? AccessCaller.Anonymous
        : new(known.Account ?? Account.Default, known.AccessKey) { AccountNumber = known.Account is null ? AccountNumber : null };

    /// <summary>The accounts of all keys.</summary>
    public Accounts Accounts { get; } = new(keys.Select(static key => key.Account).OfType<Account>());

    /// <summary>The account of a caller; null for the one of keys without an id.</summary>
    public Account? AccountOf(S3Caller caller) => _keys.TryGetValue(caller.AccessKey, out var known) ? known.Account
        : caller.IsAnonymous && !everyoneMayEverything ? Account.Anonymous : null;

    /// <summary>Whether the caller may decide what others may do: write ACLs, policies, and what limits these.</summary>
    public bool MayOwn(S3Caller caller, string bucket, string key) => May(caller, AccessRight.Owner, bucket, key);

    /// <summary>Whether authentication is off: nothing is refused.</summary>
    public bool IsOff => everyoneMayEverything;

    /// <summary>Whether the caller may do this. Bucket and key are empty if the operation has none.</summary>
    public bool May(S3Caller caller, S3Operation operation, string bucket, string key) =>
        May(caller, IsRead(operation) ? AccessRight.Read : AccessRight.Write, bucket, key)
        && (bucket.Length > 0 || operation == S3Operation.ListBuckets || MaySeeAll(caller));

    /// <summary>Whether the caller has a right to all buckets, future ones included.</summary>
    public bool MaySeeAll(S3Caller caller) =>
        everyoneMayEverything
            || (_keys.TryGetValue(caller.AccessKey, out var known) && known.Rights.Any(static right => right.Pattern == "*"));

    /// <summary>
    /// Whether the caller has any right to a bucket or to objects in it, public ones included. ListBuckets then shows it.
    /// </summary>
    public bool MaySee(S3Caller caller, string bucket) =>
        MaySeeAll(caller)
        || (_keys.TryGetValue(caller.AccessKey, out var known) && known.Rights.Any(right => right.CoversSome(bucket)))
        || _readableByAll.Any(right => right.CoversSome(bucket));

    /// <summary>
    /// Whether anyone may do this without signing (rule A3): read an object that is public, or list a public bucket. Buckets that only the
    /// local store has are for that store to open.
    /// </summary>
    /// <param name="operation">The operation.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key; empty for the bucket itself.</param>
    /// <param name="versionId">The version; null for the current one. Older versions need a signature.</param>
    public bool MayAll(S3Operation operation, string bucket, string key, string? versionId)
    {
        if (_readableByAll.Count == 0 || bucket.Length == 0 || !IsOpenRead(operation) || versionId is { Length: > 0 } and not "null")
        {
            return false;
        }

        foreach (var right in _readableByAll)
        {
            if (right.Covers(bucket, key))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the caller may write the object. DeleteObjects needs this for each key.</summary>
    public bool MayWrite(S3Caller caller, string bucket, string key) => May(caller, AccessRight.Write, bucket, key);

    /// <summary>Whether the caller may write some object of the bucket. DeleteObjects needs this before its keys are known.</summary>
    public bool MayWriteSome(S3Caller caller, string bucket) =>
        everyoneMayEverything
        || (_keys.TryGetValue(caller.AccessKey, out var known) && known.Rights
            .Any(right => right.Right >= AccessRight.Write && right.CoversSome(bucket)));

    /// <summary>Whether the caller may end governance retention: it administers, or may write everything.</summary>
    public bool MayBypassGovernance(S3Caller caller) =>
        everyoneMayEverything || (_keys.TryGetValue(caller.AccessKey, out var known)
            && (known.IsAdministrator || known.Rights.Any(static right => right is { Pattern: "*", Right: >= AccessRight.Write })));

    /// <summary>Whether the caller's key may administer (rule A5).</summary>
    public bool MayAdminister(S3Caller caller) => _keys.TryGetValue(caller.AccessKey, out var known) && known.IsAdministrator;

    private bool May(S3Caller caller, AccessRight needed, string bucket, string key)
    {
        if (everyoneMayEverything)
        {
            return true;
        }

        if (!_keys.TryGetValue(caller.AccessKey, out var known))
        {
            return false;
        }

        // Every key may list buckets: clients do so first.
        if (bucket.Length == 0)
        {
            return needed == AccessRight.Read;
        }

        foreach (var right in known.Rights)
        {
            if (right.Right >= needed && right.Covers(bucket, key))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Reading a public bucket, as in S3: its objects and their listing; not its settings, uploads, versions and permissions.
    /// </summary>
    private static bool IsOpenRead(S3Operation operation) => operation
        is S3Operation.GetObject or S3Operation.HeadObject or S3Operation.GetObjectAttributes or S3Operation.HeadBucket
        or S3Operation.GetBucketLocation or S3Operation.ListObjects or S3Operation.ListObjectsV2;

    /// <summary>Everything that is not known to only read counts as writing.</summary>
    public static bool IsRead(S3Operation operation) => operation
        is S3Operation.ListBuckets or S3Operation.HeadBucket or S3Operation.GetBucketLocation or S3Operation.ListObjects
        or S3Operation.ListObjectsV2 or S3Operation.ListObjectVersions or S3Operation.ListMultipartUploads or S3Operation.GetObject
        or S3Operation.HeadObject or S3Operation.GetObjectAttributes or S3Operation.GetObjectAcl or S3Operation.GetObjectTagging
        or S3Operation.GetObjectLegalHold or S3Operation.GetObjectRetention or S3Operation.GetObjectTorrent
        or S3Operation.SelectObjectContent or S3Operation.ListParts or S3Operation.GetBucketConfiguration or S3Operation.StoreRead;
}
