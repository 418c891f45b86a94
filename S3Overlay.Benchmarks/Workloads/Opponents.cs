namespace S3Overlay.Benchmarks.Workloads;

/// <summary>Servers that do the same work as the proxy, or the part of it that they can do.</summary>
[Flags]
public enum Opponents
{
    /// <summary>None does this.</summary>
    None = 0,

    /// <summary>nginx with files, and with files that it keeps open.</summary>
    Files = 1,

    /// <summary>nginx that stores files (WebDAV), without a sync.</summary>
    Dav = 2,

    /// <summary>nginx that caches slices.</summary>
    Slices = 4,

    /// <summary>Varnish.</summary>
    Varnish = 8,

    /// <summary>Clients that read the remote without a cache.</summary>
    Direct = 16,
}
