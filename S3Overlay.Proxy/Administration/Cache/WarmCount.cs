using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Reading;

namespace S3Overlay.Proxy.Administration.Cache;

/// <summary>Progress of warming. Safe to read while it runs.</summary>
public sealed class WarmCount
{
    private long _brought;
    private long _broughtBytes;
    private long _held;
    private long _heldBytes;
    private long _notCached;
    private long _absent;
    private long _failed;
    private long _listed;
    private long _listedBytes;
    private bool _isListed;
    private string? _problem;

    /// <summary>Objects of which bytes were brought.</summary>
    public long Brought => Volatile.Read(ref _brought);

    /// <summary>Bytes brought.</summary>
    public long BroughtBytes => Volatile.Read(ref _broughtBytes);

    /// <summary>Objects that were cached before.</summary>
    public long Held => Volatile.Read(ref _held);

    /// <summary>Bytes that were cached before.</summary>
    public long HeldBytes => Volatile.Read(ref _heldBytes);

    /// <summary>Objects that cannot be cached.</summary>
    public long NotCached => Volatile.Read(ref _notCached);

    /// <summary>Objects that the remote does not have any more, or that are written or deleted here.</summary>
    public long Absent => Volatile.Read(ref _absent);

    /// <summary>Objects that the remote did not send.</summary>
    public long Failed => Volatile.Read(ref _failed);

    /// <summary>The first failure; null for none.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    /// <summary>Objects listed so far.</summary>
    public long Listed => Volatile.Read(ref _listed);

    /// <summary>Bytes of the objects listed so far.</summary>
    public long ListedBytes => Volatile.Read(ref _listedBytes);

    /// <summary>True once all objects are listed.</summary>
    public bool IsListed => Volatile.Read(ref _isListed);

    /// <summary>Why it stopped before the end; null if it did not.</summary>
    public WarmStop? Stop { get; set; }

    /// <summary>Counts an object.</summary>
    public void Add(WarmResult result)
    {
        Interlocked.Add(ref _broughtBytes, result.Brought);
        Interlocked.Add(ref _heldBytes, result.Held);
        _ = result.Outcome switch
        {
            WarmOutcome.Brought => Interlocked.Increment(ref _brought),
            WarmOutcome.Held => Interlocked.Increment(ref _held),
            _ => Interlocked.Increment(ref _notCached),
        };
    }

    /// <summary>Counts an object to bring.</summary>
    public void AddListed(long bytes)
    {
        Interlocked.Increment(ref _listed);
        Interlocked.Add(ref _listedBytes, bytes);
    }

    /// <summary>Notes that all objects are listed.</summary>
    public void EndList() => Volatile.Write(ref _isListed, true);

    /// <summary>Counts an object that the remote does not have, or that is not the remote's here.</summary>
    public void AddAbsent() => Interlocked.Increment(ref _absent);

    /// <summary>Counts a failure.</summary>
    public void AddFailure(string problem)
    {
        Interlocked.Increment(ref _failed);
        Interlocked.CompareExchange(ref _problem, problem, null);
    }
}

/// <summary>Warming stopped because more would evict what it brought.</summary>
/// <param name="Limit">The most bytes it may bring or keep; null if the disk is short of space.</param>
/// <param name="Next">Bytes that the next object needs.</param>
public sealed record WarmStop(long? Limit, long Next);

/// <summary>What to warm.</summary>
public sealed record WarmRequest
{
    /// <summary>The bucket, prefix or key.</summary>
    public required AdministrationScope Scope { get; init; }

    /// <summary>Objects at a time.</summary>
    public required int Parallel { get; init; }

    /// <summary>Only objects that changed at or after this moment; null for all.</summary>
    public DateTimeOffset? NewerThan { get; init; }

    /// <summary>Which keys.</summary>
    public KeyFilter Filter { get; init; } = KeyFilter.All;

    /// <summary>True to count only.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Which bytes of each object; none for all.</summary>
    public IReadOnlyList<Protocol.Objects.RangeHeader> Ranges { get; init; } = [];
}

/// <summary>A read of a remote-owned object that a client made once, as <c>record</c> has it.</summary>
/// <param name="Bucket">The client's bucket.</param>
/// <param name="Key">The key.</param>
/// <param name="Range">The bytes; null for all.</param>
/// <param name="Size">Size of the object then; null if unknown.</param>
public sealed record RecordedRead(string Bucket, string Key, Protocol.Objects.RangeHeader? Range, long? Size);
