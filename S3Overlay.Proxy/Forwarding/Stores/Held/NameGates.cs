namespace S3Overlay.Proxy.Forwarding.Stores.Held;

/// <summary>Lets one piece of work at a time change a key's copy and rows in the store. Keys share gates by hash.</summary>
internal sealed class NameGates
{
    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, 256).Select(_ => new SemaphoreSlim(1, 1))];

    /// <summary>Enters; whoever disposes the result leaves.</summary>
    public async ValueTask<IDisposable> EnterAsync(HeldName name, CancellationToken cancellationToken)
    {
        var gate = _gates[name.GetHashCode() & 255];
        await gate.WaitAsync(cancellationToken);
        return new Leaving(gate);
    }

    private sealed class Leaving(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}
