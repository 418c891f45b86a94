namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>What is known about a remote's bucket before a call.</summary>
public enum RemoteCondition
{
    /// <summary>No known problem.</summary>
    Answering,

    /// <summary>A call had no response; a check whether the bucket responds at all is running.</summary>
    Doubted,

    /// <summary>The bucket does not respond: calls fail at once until a probe, sent once a second, gets a response.</summary>
    Down,
}
