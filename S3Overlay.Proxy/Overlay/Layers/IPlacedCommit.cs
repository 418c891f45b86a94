namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>The commit of a write to a key that may have a copy among local's objects; it ends with the disposal.</summary>
public interface IPlacedCommit : IDisposable
{
    /// <summary>
    /// Local refused the write: what is under the key is what was there before. Unless this is said, the write may have taken place.
    /// </summary>
    void Refused();
}
