namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>How a copy that was found may be used.</summary>
internal enum EntryUsability
{
    /// <summary>It is served: its life is not over.</summary>
    Hit,

    /// <summary>It is served: the remote has just said that it is current.</summary>
    Revalidated,

    /// <summary>It is served though its life is over: the remote cannot be asked.</summary>
    Stale,

    /// <summary>The remote has another version: as if nothing were held.</summary>
    Outdated,
}
