using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reads;

/// <summary>
/// One version of a remote-owned object while somebody reads or fills it: its copy, the fills under way, and a way to wait for bytes. It
/// vanishes with its last user.
/// </summary>
internal sealed class HeldObject(ObjectName name, RemoteBucket remote, IHeldCopy copy, Fills fills)
{
    private readonly List<Fill> _running = [];
    private TaskCompletionSource? _pulse;
    private RemoteException? _gone;
    private int _readers;
    private bool _isClosed;
    private bool _isRetired;
    private bool _storeFailed;

    /// <summary>Guards what fills have to do.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The object as clients name it.</summary>
    public ObjectName Name => name;

    /// <summary>Where it comes from.</summary>
    public RemoteBucket Remote => remote;

    /// <summary>What is held of it.</summary>
    public IHeldCopy Copy => copy;

    /// <summary>One more reader; false where this is no longer to be read.</summary>
    public bool TryEnter()
    {
        lock (Gate)
        {
            if (_isClosed || _isRetired || _storeFailed)
            {
                return false;
            }

            _readers++;
            return true;
        }
    }

    /// <summary>Readers who waited for it to be opened. Whoever calls this is a user itself.</summary>
    public void Enter(int readers)
    {
        lock (Gate)
        {
            _readers += readers;
        }
    }

    /// <summary>One reader less.</summary>
    public ValueTask LeaveAsync()
    {
        lock (Gate)
        {
            if (--_readers == 0)
            {
                foreach (var fill in _running)
                {
                    fill.Abandon(fills.Settings.FillOnLeave);
                }
            }
        }

        return CloseIfUnusedAsync();
    }

    /// <summary>
    /// No new readers: the copy is no longer the one to read. Those who are there go on. Where the copy is to be dropped, that comes first: one that is still
    /// found would be made another object of the same file.
    /// </summary>
    public void Retire()
    {
        lock (Gate)
        {
            _isRetired = true;
        }

        fills.Remove(this);
    }

    /// <summary>Nothing is stored into the copy by this one: what is not held of it goes to readers directly.</summary>
    public void Detach()
    {
        lock (Gate)
        {
            _storeFailed = true;
        }
    }

    /// <summary>Goes on with the remote's answer that opened the object: its bytes, then what makes the touched chunks whole.</summary>
    /// <param name="answered">The answer.</param>
    /// <param name="opening">What asked for it.</param>
    public void StartWith(RemoteObject answered, Opening opening)
    {
        if (answered.Range is not { } range)
        {
            fills.End(opening.Trace, Outcomes.Ok);
            _ = answered.DisposeAsync().AsTask();
            return;
        }

        var plan = FillPlan.For(copy, [range], range.First, range.Last);
        plan.AddFirst(range);
        lock (Gate)
        {
            Start(plan, opening.Trace, opening.Starter, answered);
        }
    }

    /// <summary>Starts to fetch what is neither held nor being fetched of some bytes, whether or not anybody waits for them.</summary>
    public void Prefetch(ByteRange range)
    {
        lock (Gate)
        {
            if (_storeFailed || _gone is not null || _isRetired)
            {
                return;
            }

            var claims = Claims();
            for (var position = range.First; position <= range.Last;)
            {
                var claim = claims.FindIndex(claim => claim.First <= position && position <= claim.Last);
                if (copy.FirstHeld(position) is { } held && held.First <= position)
                {
                    position = held.Last + 1;
                }
                else if (claim >= 0)
                {
                    position = claims[claim].Last + 1;
                }
                else
                {
                    Start(FillPlan.For(copy, claims, position, range.Last), fills.Begin(isAhead: true), null);
                    return;
                }
            }
        }
    }

    /// <summary>Returns once a byte is held: fetched for this call where nobody fetches it yet, for as much as is wanted from there on.</summary>
    /// <param name="position">The byte.</param>
    /// <param name="last">The last byte wanted.</param>
    /// <param name="read">The read that needs it.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    /// <exception cref="RemoteException">It could not be fetched.</exception>
    /// <exception cref="VersionChangedException">The remote has another version by now.</exception>
    /// <exception cref="StoreFailedException">What comes cannot be stored.</exception>
    public async ValueTask EnsureAsync(long position, long last, Following read, CancellationToken cancellationToken)
    {
        for (Fill? awaited = null; ;)
        {
            Task pulse;
            lock (Gate)
            {
                if (copy.FirstHeld(position) is { } held && held.First <= position)
                {
                    return;
                }

                if (_storeFailed)
                {
                    throw new StoreFailedException();
                }

                if (_gone is not null)
                {
                    throw new VersionChangedException(_gone);
                }

                if (awaited?.Failure is { } failure)
                {
                    throw failure.Anew();
                }

                awaited = FillOf(position, read) ?? Start(FillPlan.For(copy, Claims(), position, last), fills.Begin(), read);
                read.Wait(awaited.Trace, awaited.IsOf(read));
                pulse = (_pulse ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await pulse.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Wakes who waits for bytes.</summary>
    public void Pulse()
    {
        TaskCompletionSource? pulse;
        lock (Gate)
        {
            (pulse, _pulse) = (_pulse, null);
        }

        pulse?.TrySetResult();
    }

    /// <summary>A fill could not go on.</summary>
    /// <returns>What those are told who wait for it.</returns>
    public async ValueTask<RemoteException> FailedAsync(RemoteException failure)
    {
        Log.FillFailed(fills.Logger, name.Bucket, failure.Message);
        if (!RemoteReads.MeansGone(failure))
        {
            return failure;
        }

        if (fills.IsFrozen(copy))
        {
            return fills.Drift.Of(name.Bucket, failure);
        }

        await fills.DropAsync(this);
        Retire();
        lock (Gate)
        {
            _gone = failure;
        }

        return failure;
    }

    /// <summary>What a reader is told to whom the remote said that it has not this version any more.</summary>
    public Exception Gone(RemoteException failure) => fills.IsFrozen(copy) ? fills.Drift.Of(name.Bucket, failure) : new VersionChangedException(failure);

    /// <summary>What comes can no longer be stored.</summary>
    public async ValueTask StoreFailedAsync(Exception failure)
    {
        Log.HeldStoreFailed(fills.Logger, name.Bucket, failure);
        if (failure is not HeldRoomException && !fills.IsFrozen(copy))
        {
            await fills.DropAsync(this);
        }

        Retire();
        lock (Gate)
        {
            _storeFailed = true;
            foreach (var fill in _running)
            {
                fill.Abandon(Configuration.FillOnLeave.Drop);
            }
        }
    }

    /// <summary>The bytes came whole and are not what their ETag promises: not held, but nobody is cut (table F).</summary>
    public async ValueTask MismatchedAsync()
    {
        Log.FillMismatch(fills.Logger, name.Bucket);
        fills.CountMismatch();
        await fills.DropAsync(this);
        Retire();
    }

    /// <summary>A fill is over.</summary>
    /// <param name="fill">The fill.</param>
    /// <param name="outcome">How it ended: one of <see cref="Outcomes"/>.</param>
    /// <param name="error">What went wrong, in a word; null where nothing did.</param>
    public ValueTask EndedAsync(Fill fill, string outcome, string? error)
    {
        fills.End(fill.Trace, outcome, error);
        lock (Gate)
        {
            _running.Remove(fill);
        }

        Pulse();
        if (outcome is Outcomes.Ok or Outcomes.Mismatch)
        {
            fills.CountFill();
        }

        return CloseIfUnusedAsync();
    }

    private async ValueTask CloseIfUnusedAsync()
    {
        lock (Gate)
        {
            if (_readers > 0 || _running.Count > 0 || _isClosed)
            {
                return;
            }

            _isClosed = true;
        }

        fills.Remove(this);
        await copy.DisposeAsync();
    }

    private List<ByteRange> Claims()
    {
        var claims = new List<ByteRange>();
        foreach (var fill in _running)
        {
            if (fill.Current is { } current && current.First <= current.Last)
            {
                claims.Add(current);
            }

            claims.AddRange(fill.Planned);
        }

        return claims;
    }

    /// <summary>
    /// The fill that will bring a byte. Where it would take long to get there, the bytes from this one on are taken over from it; what it had only
    /// planned is taken over at once.
    /// </summary>
    private Fill? FillOf(long position, Following read)
    {
        foreach (var fill in _running)
        {
            if (fill.Current is { } current && current.First <= position && position <= current.Last)
            {
                if (position - current.First <= Math.Max(fills.Settings.TakeOverDistance, 2 * Fill.BufferSize))
                {
                    return fill;
                }

                fill.LeaveFrom(position);
                return Start(new([current with { First = position }]), fills.Begin(), read);
            }

            for (var node = fill.Planned.First; node is not null; node = node.Next)
            {
                var planned = node.Value;
                if (planned.First <= position && position <= planned.Last)
                {
                    fill.Planned.Remove(node);
                    var plan = new LinkedList<ByteRange>([planned with { First = position }]);
                    if (planned.First < position)
                    {
                        plan.AddLast(planned with { Last = position - 1 });
                    }

                    return Start(plan, fills.Begin(), read);
                }
            }
        }

        return null;
    }

    private Fill Start(LinkedList<ByteRange> plan, FillTrace? trace, Following? starter, RemoteObject? answered = null)
    {
        var fill = new Fill(this, plan, trace, starter);
        _running.Add(fill);

        // On the pool: a fill must not run on the thread of the socket that its reader came from.
        _ = Task.Run(() => fill.RunAsync(answered));
        return fill;
    }
}
