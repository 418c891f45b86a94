namespace S3Overlay.Promote;

/// <summary>How one key ended.</summary>
internal enum Outcome
{
    /// <summary>The object was sent.</summary>
    Sent,

    /// <summary>The delete was sent.</summary>
    Deleted,

    /// <summary>Nothing had to be sent: the remote had it already.</summary>
    Same,

    /// <summary>Nothing was asked for: a delete without <c>--delete</c>, or the delete of a bucket.</summary>
    Skipped,

    /// <summary>The remote has changed too, or that cannot be known.</summary>
    Conflict,

    /// <summary>It failed. Nothing was lost on either side.</summary>
    Failed,
}

/// <summary>What happened to one key.</summary>
/// <param name="Change">The change.</param>
/// <param name="Outcome">How it ended.</param>
internal sealed record KeyOutcome(ChangedKey Change, Outcome Outcome)
{
    /// <summary>True if the remote shows again for this key; false if the local version stays.</summary>
    public bool IsReverted { get; init; }

    /// <summary>The ETag that the upload returned; null if nothing was uploaded.</summary>
    public string? ETag { get; init; }

    /// <summary>Why it failed or was skipped, or why the local version stays; null if there is nothing to say.</summary>
    public string? Message { get; init; }
}

/// <summary>How far a promotion is. Safe to read while it runs.</summary>
internal sealed class Tally
{
    private readonly long[] _outcomes = new long[Enum.GetValues<Outcome>().Length];
    private long _bytes;
    private long _reverted;
    private long _stay;

    /// <summary>Keys to handle.</summary>
    public long Keys { get; init; }

    /// <summary>Bytes of all objects to send.</summary>
    public long TotalBytes { get; init; }

    /// <summary>Keys that ended.</summary>
    public long Done => _outcomes.Select((_, at) => Volatile.Read(ref _outcomes[at])).Sum();

    /// <summary>Bytes sent so far, also of objects that are not complete.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Keys that show the remote again.</summary>
    public long Reverted => Volatile.Read(ref _reverted);

    /// <summary>Keys that were sent and whose local version stays although it was to go.</summary>
    public long Stay => Volatile.Read(ref _stay);

    /// <summary>Keys with an outcome.</summary>
    public long Of(Outcome outcome) => Volatile.Read(ref _outcomes[(int)outcome]);

    /// <summary>Counts bytes.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>Counts a key.</summary>
    public void Add(KeyOutcome key, bool mustRevert)
    {
        Interlocked.Increment(ref _outcomes[(int)key.Outcome]);
        if (key.IsReverted)
        {
            Interlocked.Increment(ref _reverted);
        }
        else if (mustRevert && key.Outcome is Outcome.Sent or Outcome.Deleted or Outcome.Same)
        {
            Interlocked.Increment(ref _stay);
        }
    }
}

/// <summary>The promotion as a whole cannot go on: no credentials, or a store that does not honour conditions.</summary>
internal sealed class PromoteException(string message, string? next = null) : Exception(message)
{
    /// <summary>What to do; null if the message says it.</summary>
    public string? Next => next;
}
