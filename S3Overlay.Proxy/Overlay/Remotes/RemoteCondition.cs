namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>What is known of a bucket of a remote before it is asked.</summary>
public enum RemoteCondition
{
    /// <summary>Nothing is known against it.</summary>
    Answering,

    /// <summary>Something had no answer, and it is being found out whether anything has.</summary>
    Doubted,

    /// <summary>
    /// It answers nothing at all: what is asked of it fails at once, until it answers the question that is put to it once a second.
    /// </summary>
    Down,
}
