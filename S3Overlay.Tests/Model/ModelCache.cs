namespace S3Overlay.Tests.Model;

/// <summary>How a sequence caches the remote's bytes (rule S1).</summary>
internal enum ModelCache
{
    /// <summary>Nothing is kept.</summary>
    Off,

    /// <summary>Entries are served without asking the remote.</summary>
    Believed,

    /// <summary>Entries are revalidated at each read.</summary>
    Compared,

    /// <summary>Entries are fresh for <see cref="ModelFreshness.Life"/>.</summary>
    ForAWhile,

    /// <summary>Entries are never replaced.</summary>
    Frozen,
}
