using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Overlay.Layers;

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
