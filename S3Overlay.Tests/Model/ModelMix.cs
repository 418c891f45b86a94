namespace S3Overlay.Tests.Model;

/// <summary>What a sequence is mostly made of.</summary>
internal enum ModelMix
{
    /// <summary>Of everything.</summary>
    All,

    /// <summary>
    /// Of reads, while time passes and the remote changes: most keys stay the remote's, and what is held of them grows old.
    /// </summary>
    Reads,

    /// <summary>Of kills, and of ordinary requests between them: nothing else fails.</summary>
    Kills,
}
