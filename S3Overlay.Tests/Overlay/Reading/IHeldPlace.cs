using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>Where copies are held, which outlives whoever opens it.</summary>
public interface IHeldPlace : IAsyncDisposable
{
    /// <summary>Opens what is there, as a proxy does when it starts.</summary>
    ICacheStore Open(TimeProvider time);
}
