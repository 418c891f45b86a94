namespace S3Overlay.Testing;

/// <summary>
/// What requests of a scripted remote are for: an object, a bucket with its listings and objects, or the whole remote. Each has a log of
/// its requests, and failures (<see cref="ScriptedFaults"/>).
/// </summary>
public abstract class ScriptedTarget
{
    private readonly RequestLog _log;
    private readonly List<ScriptedFault> _faults = [];

    private protected ScriptedTarget(RequestLog log) => _log = log;

    /// <summary>Its requests so far, in order of arrival.</summary>
    public IReadOnlyList<ScriptedRequest> Requests => _log.Of(this);

    /// <summary>Bytes of bodies sent in response to them.</summary>
    public long BytesSent => Requests.Sum(static request => request.BytesSent);

    /// <summary>Finishes once it had so many requests. They may still be running.</summary>
    public Task RequestedAsync(int count = 1, CancellationToken cancellationToken = default) =>
        _log.WaitAsync(this, count, cancellationToken);

    /// <summary>Whether a request is for it.</summary>
    internal abstract bool Includes(ScriptedRequest request);

    internal void Add(ScriptedFault fault)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(fault.Left, "times");
        lock (_faults)
        {
            _faults.Add(fault);
        }
    }

    /// <summary>Removes its failures, and those of everything in it.</summary>
    internal virtual void RemoveFaults()
    {
        lock (_faults)
        {
            _faults.Clear();
        }
    }

    /// <summary>What happens to a request for it, which counts.</summary>
    internal List<ScriptedFault> TakeFaults(ScriptedRequest request)
    {
        lock (_faults)
        {
            var taken = _faults.FindAll(fault => fault.CutAfter is null || request.Method == "GET");
            taken.ForEach(static fault => fault.Left--);
            _faults.RemoveAll(static fault => fault.Left == 0);
            return taken;
        }
    }
}
