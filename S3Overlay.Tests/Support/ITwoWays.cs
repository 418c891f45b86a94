namespace S3Overlay.Tests.Support;

/// <summary>A store that can be reached directly, and through a proxy without a remote.</summary>
public interface ITwoWays
{
    /// <summary>The store itself.</summary>
    StoreAccess Direct { get; }

    /// <summary>The proxy before it.</summary>
    StoreAccess Through { get; }
}
