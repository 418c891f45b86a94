namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>Which conditions the local layer judges. A store behind a network must be asked first and may be unreachable.</summary>
public interface ILocalConditions
{
    /// <summary>
    /// True if all changes of the local layer go through this process (<c>S3_OVERLAY_PROXIES</c> is 1), so a lock taken here protects a
    /// judgement.
    /// </summary>
    bool IsAlone { get; }

    /// <summary>The result so far; null until the local layer was asked.</summary>
    LocalConditions? Known { get; }

    /// <summary>Which conditions the local layer judges.</summary>
    /// <exception cref="Protocol.S3Exception">ServiceUnavailable if the local layer cannot be asked.</exception>
    ValueTask<LocalConditions> GetAsync(CancellationToken cancellationToken);
}
