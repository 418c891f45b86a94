namespace S3Overlay.Tests.Model;

/// <summary>What becomes of the remote's bytes in a sequence (rule S1).</summary>
internal enum ModelCache
{
    /// <summary>Nothing is kept.</summary>
    Off,

    /// <summary>Copies are read without asking the remote.</summary>
    Believed,

    /// <summary>Copies are compared with the remote at each read.</summary>
    Compared,

    /// <summary>Copies are believed for <see cref="ModelFreshness.Life"/>.</summary>
    ForAWhile,

    /// <summary>What is held is never replaced.</summary>
    Frozen,
}
