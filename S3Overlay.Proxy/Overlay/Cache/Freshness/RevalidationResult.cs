namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>What the remote said of a version that is held, in a word.</summary>
internal enum RevalidationResult
{
    /// <summary>It is current: the copy is as good as new.</summary>
    Same,

    /// <summary>The object is another one now: the copy was dropped.</summary>
    Changed,

    /// <summary>There is no such object any more: the copy was dropped.</summary>
    Gone,

    /// <summary>Nothing that tells: no answer, or a refusal. The copy was kept.</summary>
    Unknown,
}
