namespace S3Overlay.Tests.Model;

/// <summary>
/// One step of a sequence: sends something to the proxy, checks the result against the model, and changes the model alike. Plain data, so
/// that it means the same in any part of its sequence. It ignores references to what is not there.
/// </summary>
internal abstract record ModelOperation
{
    /// <summary>Which proxy it goes to, where there are several.</summary>
    public int Proxy { get; init; }

    /// <summary>Whether a proxy may forget by it that the remote lacks a key.</summary>
    public virtual bool MayMakeForget => true;

    /// <summary>The possible effects if the proxy dies before it responds, given the current state.</summary>
    public virtual IEnumerable<ModelDoubt> MayLeave(ModelScene scene) => [];

    /// <summary>Runs it.</summary>
    /// <exception cref="Mismatch">The proxy did what the model does not allow.</exception>
    public abstract Task RunAsync(ModelScene scene);
}
