using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary>The error of methods that need the cache.</summary>
internal static class CacheOff
{
    private static readonly S3Error Error =
        new("CacheIsOff", 409, "There is no cache. It needs S3_OVERLAY_CACHE_ENABLED=true and a remote.");

    /// <summary>Returns what a method works with, unless caching is off.</summary>
    /// <exception cref="S3Exception">CacheIsOff.</exception>
    public static T Require<T>(T? part)
        where T : class => part ?? throw new S3Exception(Error);
}
