namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>Knows which conditions local judges: a store behind a network has to be asked first, and may not be reachable yet.</summary>
public interface ILocalConditions
{
    /// <summary>
    /// Whether all that changes local comes through this process, so that a lock held here keeps true what was judged here
    /// (<c>S3_OVERLAY_PROXIES</c> is 1).
    /// </summary>
    bool IsAlone { get; }

    /// <summary>What is known so far; null until local was asked.</summary>
    LocalConditions? Known { get; }

    /// <summary>What local judges.</summary>
    /// <exception cref="Protocol.S3Exception">ServiceUnavailable where local cannot be asked.</exception>
    ValueTask<LocalConditions> GetAsync(CancellationToken cancellationToken);
}
