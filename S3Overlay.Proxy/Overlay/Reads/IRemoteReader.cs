using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reads;

/// <summary>Reads remote-owned keys, those neither written nor deleted here: from what is held, from a fill that is under way, or from the remote.</summary>
public interface IRemoteReader
{
    /// <summary>Answers a GET or HEAD of the key, or the reading of one of its sub-resources.</summary>
    Task AnswerAsync(S3Request request, S3Answer answer, RemoteBucket remote, CancellationToken cancellationToken);

    /// <summary>What the object is now; null where the remote has none.</summary>
    /// <exception cref="RemoteException">It cannot be known.</exception>
    ValueTask<ObjectInfo?> HeadAsync(string bucket, string key, RemoteBucket remote, CancellationToken cancellationToken);

    /// <summary>The bytes of one version, or some of them: never of another (rule R7).</summary>
    Task<S3Body> OpenAsync(
        string bucket, string key, RemoteBucket remote, ObjectInfo expected, ByteRange? range, CancellationToken cancellationToken);

    /// <summary>Forgets what is kept of a key after it was written or deleted. Cleaning up: what was written or deleted outranks it already.</summary>
    ValueTask InvalidateAsync(string bucket, string key);
}
