namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>How far a copy is believed at the moment.</summary>
internal enum EntryState
{
    /// <summary>It is served as it is.</summary>
    Fresh,

    /// <summary>It is served as it is, and compared with the remote meanwhile: its life is about to end (rule S4).</summary>
    Ageing,

    /// <summary>
    /// Its life is over: compared before it is served, and served all the same where the remote cannot be asked (table F).
    /// </summary>
    Stale,

    /// <summary>Compared before it is served, whatever its age.</summary>
    Doubted,
}
