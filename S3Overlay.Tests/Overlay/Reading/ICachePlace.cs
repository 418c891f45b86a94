using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>Where entries are stored. Outlives the stores opened on it.</summary>
public interface ICachePlace : IAsyncDisposable
{
    /// <summary>Opens what is there, as a proxy does when it starts.</summary>
    ICacheStore Open(TimeProvider time);
}
