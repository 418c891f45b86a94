namespace S3Overlay.Tests.Model;

/// <summary>
/// One step of a sequence: sends a request to the proxy, checks the result against the model, and updates the model. It is plain data, so
/// it means the same in any part of its sequence. References to absent things are ignored.
/// </summary>
internal abstract record ModelOperation
{
    /// <summary>The index of the proxy that gets it.</summary>
    public int Proxy { get; init; }

    /// <summary>Whether it may invalidate remembered absences.</summary>
    public virtual bool MayMakeForget => true;

    /// <summary>The possible effects if the proxy dies before it responds, given the current state.</summary>
    public virtual IEnumerable<ModelDoubt> MayLeave(ModelScene scene) => [];

    /// <exception cref="Mismatch">The proxy violated the model.</exception>
    public abstract Task RunAsync(ModelScene scene);
}
