using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// A writable layer that knows several users. In buckets without a remote a client that is one of them acts in its own name; in overlaid
/// buckets everything is done in the overlay's, since what is there is the overlay's state.
/// </summary>
public interface ILocalIdentities
{
    /// <summary>Reads in the overlay's name.</summary>
    IRemote Own { get; }

    /// <summary>Reads in the caller's own name; null where it has none, and the overlay's stands for it.</summary>
    IRemote? Of(S3Caller caller);
}
