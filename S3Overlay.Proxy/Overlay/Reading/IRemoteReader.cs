using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Reads remote-owned keys, those neither written nor deleted here: from what is held, from a fill that is under way, or from the remote.
/// </summary>
public interface IRemoteReader
{
    /// <summary>Answers a GET or HEAD of the key, or the reading of one of its sub-resources.</summary>
    /// <param name="request">The request.</param>
    /// <param name="answer">Its answer.</param>
    /// <param name="remote">Where the key continues below.</param>
    /// <param name="local">
    /// What local said. Whether the key has a tombstone may not be known yet: what is held can be looked for meanwhile, the remote is not
    /// asked.
    /// </param>
    /// <param name="cancellationToken">The client's patience.</param>
    /// <returns>False where the key turned out to be deleted here: nothing was answered then.</returns>
    Task<bool> AnswerAsync(S3Request request, S3Response answer, RemoteBucket remote, WrittenRead local,
        CancellationToken cancellationToken);

    /// <summary>What the object is now, as a HEAD shows it; null where the remote has none.</summary>
    /// <param name="bucket">The bucket, in the client's view.</param>
    /// <param name="key">The key, in the client's view.</param>
    /// <param name="remote">Where the key continues below.</param>
    /// <param name="mayBeStale">Whether a copy past its life will do where the remote cannot be asked: to read from, and not to judge a
    /// write by.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    /// <exception cref="RemoteException">It cannot be known.</exception>
    ValueTask<ObjectInfo?> HeadAsync(string bucket, string key, RemoteBucket remote, bool mayBeStale, CancellationToken cancellationToken);

    /// <summary>
    /// What is known of a version, with its checksums: asked for where they are not known, and left out where the remote does not tell.
    /// </summary>
    ValueTask<ObjectInfo> WithChecksumsAsync(string bucket, string key, RemoteBucket remote, ObjectInfo info,
        CancellationToken cancellationToken);

    /// <summary>The bytes of one version, or some of them: never of another (rule R7).</summary>
    /// <param name="bucket">The bucket, in the client's view.</param>
    /// <param name="key">The key, in the client's view.</param>
    /// <param name="remote">Where the key continues below.</param>
    /// <param name="expected">The version.</param>
    /// <param name="range">Which bytes; null for all.</param>
    /// <param name="isCurrent">Whether the remote must have the version still, also where the bytes are held: what else goes with them was
    /// asked for just now.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    /// <exception cref="RemoteException">The remote was needed, and has the version no more or did not give it.</exception>
    Task<S3Body> OpenAsync(
        string bucket, string key, RemoteBucket remote, ObjectInfo expected, ByteRange? range, bool isCurrent,
        CancellationToken cancellationToken);

    /// <summary>Whether all bytes of a version are held.</summary>
    ValueTask<bool> HoldsAsync(string bucket, string key, RemoteBucket remote, ObjectInfo version, CancellationToken cancellationToken);

    /// <summary>
    /// Forgets what is kept of a key after it was written or deleted. Cleaning up: what was written or deleted outranks it already.
    /// </summary>
    ValueTask InvalidateAsync(string bucket, string key);

    /// <summary>Whether reads use a copy: it is of this remote, and cut as it would be today. Reads drop any other.</summary>
    bool CanUse(ICacheEntry copy, string bucket, string key, RemoteBucket remote);

    /// <summary>Whether reads use a copy without asking the remote first (rule S1).</summary>
    bool IsFresh(ICacheEntry copy);

    /// <summary>No fill that began before leaves a copy behind, whatever it is of. What is held already stays.</summary>
    void InvalidateAll();

    /// <summary>
    /// The remote was seen to have a key: a page or an explanation that shows it must not be followed by a 404 that was remembered (rule
    /// T2).
    /// </summary>
    void NoteListed(string bucket, string key);

    /// <summary>Whether what is held is never replaced, so that pages show it in place of what the remote has (rules S1, T2).</summary>
    bool IsFrozen { get; }

    /// <summary>A key of a bucket was seen to be of another version at the remote than what is held and never replaced.</summary>
    void NoteDrift(string bucket);

    /// <summary>
    /// What those are told to whom the remote said that it has a version no more: that, and where the version is held and never replaced,
    /// that the remote drifted from it, which is noted.
    /// </summary>
    /// <param name="bucket">The bucket, in the client's view.</param>
    /// <param name="key">The key, in the client's view.</param>
    /// <param name="remote">Where the key continues below.</param>
    /// <param name="expected">The version.</param>
    /// <param name="gone">What the remote said.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    ValueTask<RemoteException> GoneAsync(
        string bucket, string key, RemoteBucket remote, ObjectInfo expected, RemoteException gone, CancellationToken cancellationToken);
}
