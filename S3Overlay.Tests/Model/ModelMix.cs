namespace S3Overlay.Tests.Model;

/// <summary>The main ingredient of a sequence.</summary>
internal enum ModelMix
{
    All,

    /// <summary>Reads, while time passes and the remote changes: most keys stay the remote's, and entries grow old.</summary>
    Reads,

    /// <summary>Kills, with ordinary requests in between. Nothing else fails.</summary>
    Kills,
}
