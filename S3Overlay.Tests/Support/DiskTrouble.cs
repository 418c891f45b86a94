namespace S3Overlay.Tests.Support;

/// <summary>The trouble of a disk: which of its steps fail, and how. Reads never fail.</summary>
internal sealed class DiskTrouble
{
    private readonly Lock _lock = new();
    private DiskFault _fault;
    private DiskSteps _steps;
    private int _skip;
    private int _left;

    /// <summary>Whether a step failed since it began; never once it is over.</summary>
    public bool Happened { get; private set; }

    /// <summary>The error code that clients get for it.</summary>
    public string Told => _fault == DiskFault.Full ? "InsufficientStorage" : "InternalError";

    /// <summary>From now on steps fail.</summary>
    /// <param name="skip">The number of steps that still succeed.</param>
    /// <param name="count">The number of steps that fail after that.</param>
    /// <param name="steps">Which ones count.</param>
    public void Begin(DiskFault fault, int skip, int count, DiskSteps steps = DiskSteps.Write)
    {
        lock (_lock)
        {
            (_fault, _steps, _skip, _left, Happened) = (fault, steps, skip, count, false);
        }
    }

    /// <summary>Nothing is wrong any more.</summary>
    public void End()
    {
        lock (_lock)
        {
            (_left, Happened) = (0, false);
        }
    }

    /// <exception cref="IOException">It fails.</exception>
    /// <exception cref="UnauthorizedAccessException">It is not allowed.</exception>
    public void Check(DiskSteps step)
    {
        lock (_lock)
        {
            if (_left == 0 || !_steps.HasFlag(step) || _skip-- > 0)
            {
                return;
            }

            (_left, Happened) = (_left - 1, true);
            throw _fault switch
            {
                DiskFault.Full => new IOException("No space left on device", OperatingSystem.IsWindows() ? unchecked((int)0x80070070) : 28),
                DiskFault.Error => new IOException("Input/output error", OperatingSystem.IsWindows() ? unchecked((int)0x8007045D) : 5),
                _ => new UnauthorizedAccessException("Operation not permitted"),
            };
        }
    }
}
