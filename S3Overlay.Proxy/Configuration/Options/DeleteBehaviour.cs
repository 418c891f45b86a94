namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>What a delete leaves behind.</summary>
public enum DeleteBehaviour
{
    /// <summary>A mark that hides the remote's object for good (rule D1).</summary>
    Tombstone,

    /// <summary>Nothing: the object may come back from the remote (rule D2).</summary>
    Local,
}
