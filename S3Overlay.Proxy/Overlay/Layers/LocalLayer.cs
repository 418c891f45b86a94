using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Operations;
using S3Overlay.Proxy.Protocol.Websites;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>The local layer, whatever its kind, as the overlay sees it.</summary>
public sealed record LocalLayer
{
    /// <summary>Serves clients' requests like a plain S3 server.</summary>
    public required IS3Service Service { get; init; }

    /// <summary>Reads of written objects.</summary>
    public required IWrittenReads Reads { get; init; }

    /// <summary>The state of its keys and buckets.</summary>
    public required ILayerState State { get; init; }

    /// <summary>Its tombstones, for administrators.</summary>
    public required ITombstones Marks { get; init; }

    /// <summary>Its written objects and tombstones, as changes of the remote.</summary>
    public required ILocalChanges Changes { get; init; }

    /// <summary>Which conditions it judges.</summary>
    public ILocalConditions Conditions { get; init; } = BuiltInConditions.Instance;

    /// <summary>False if it would refuse to set this sub-resource; then no object is copied up for it.</summary>
    public Func<S3Operation, bool> SetsSubResource { get; init; } = static _ => true;

    /// <summary>Throws if it would refuse to set this sub-resource of any object of a bucket; then no object is copied up for it.</summary>
    public Action<S3Operation, string> CheckSubResource { get; init; } = static (_, _) => { };

    /// <summary>The cache; null while caching is off.</summary>
    public ICacheStore? Cache { get; init; }

    /// <summary>The pins of the cache; null while caching is off.</summary>
    public CachePins? Pins { get; init; }

    /// <summary>Its versions; null if it never keeps any.</summary>
    public ILocalVersions? Versions { get; init; }

    /// <summary>The CORS rules of a bucket, which the proxy applies; null for none.</summary>
    public Func<string, CorsRules?> CorsOf { get; init; } = static _ => null;

    /// <summary>How a bucket answers as a website; null if it does not.</summary>
    public Func<string, WebsiteConfiguration?> WebsiteOf { get; init; } = static _ => null;

    /// <summary>Policies, ACLs and owners of its buckets; null if only the store itself knows them.</summary>
    public IBucketAccess? Access { get; init; }

    /// <summary>Its users; null if it knows only the overlay.</summary>
    public ILocalIdentities? Identities { get; init; }

    /// <summary>
    /// True if it is known to refuse a body whose checksum is wrong or malformed; then the proxy leaves a malformed one to it.
    /// </summary>
    public Func<bool> ChecksChecksums { get; init; } = static () => false;

    /// <summary>
    /// The kind of store. For the built-in one, which has only S3's operations and reserves no names, <see cref="StoreMakes.Other"/>.
    /// </summary>
    public Func<StoreMake> Make { get; init; } = static () => StoreMakes.Other;

    /// <summary>
    /// True if it reserves the address of a bucket or object for itself (rule A1). The key is empty for the bucket itself.
    /// </summary>
    public Func<string, string, CancellationToken, ValueTask<bool>> KeepsAsync { get; init; } = static (_, _, _) =>
        ValueTask.FromResult(false);

    /// <summary>Throws if it cannot serve, for whatever reason. Cheap enough for a call every few seconds.</summary>
    public required Func<CancellationToken, Task> Check { get; init; }

    /// <summary>Sends any request to it, and throws without a response; null if it is in this process and cannot be unreachable.</summary>
    public Func<CancellationToken, Task>? Ping { get; init; }
}

/// <summary>
/// A local layer with several users. In buckets without a remote a client acts in its own name; in overlaid buckets the overlay does
/// everything in its own name, since their content is its state.
/// </summary>
public interface ILocalIdentities
{
    /// <summary>Reads in the overlay's name.</summary>
    IRemote Own { get; }

    /// <summary>Reads in the caller's name; null if the caller has none, and the overlay's is used.</summary>
    IRemote? Of(S3Caller caller);
}

/// <summary>
/// Reads of keys written in the local layer. Separate from <see cref="ILayerState"/>: a store behind a network reads and resolves a key in
/// one call.
/// </summary>
public interface IWrittenReads
{
    /// <summary>
    /// Serves a read of a key or one of its sub-resources if the local layer has it. Otherwise nothing is written, and the result says, now
    /// or later, whether the key was deleted here.
    /// </summary>
    /// <exception cref="S3Exception">The local layer's error for a written key.</exception>
    Task<WrittenRead> TryReadAsync(S3Request request, S3Response response, CancellationToken cancellationToken);
}

/// <summary>Outcome of a read that was tried in the local layer first.</summary>
/// <param name="IsServed">True if the local layer served it.</param>
/// <param name="IsDeleted">If not served: true if the key has a tombstone. May still be running, so the cache can be searched at the same
/// time; the receiver must await it.</param>
public readonly record struct WrittenRead(bool IsServed, Task<bool> IsDeleted)
{
    private static readonly Task<bool> Yes = Task.FromResult(true);
    private static readonly Task<bool> No = Task.FromResult(false);

    /// <summary>
    /// The local layer's headers if the key's newest version is a delete marker; null if not. They matter only if the key was deleted here.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Marker { get; init; }

    /// <summary>Served.</summary>
    public static readonly WrittenRead Served = new(true, No);

    /// <summary>The key is deleted here.</summary>
    public static readonly WrittenRead Deleted = new(false, Yes);

    /// <summary>The key is neither written nor deleted here.</summary>
    public static readonly WrittenRead Nothing = new(false, No);
}
