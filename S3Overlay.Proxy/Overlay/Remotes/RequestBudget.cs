namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>
/// How long one client's request waits for remotes in all (table F), however many questions it takes: each has what those before it left.
/// What moves bytes meanwhile, to local or to the client, is not waited for here.
/// </summary>
/// <remarks>
/// <code>
///   one question     |------------------|
///   others meanwhile     |-----| |-----------|
///   waited           |-----------------------|
/// </code>
/// Questions that overlap are waited for once, whichever ends first, and one that is still under way is counted up to now. A question that
/// is answered within a second costs nothing, however many of them there are: a listing may have to step over very many deleted keys, page
/// by page, of a remote that is well. So nothing is counted of one that has not taken a second yet; then all of it is.
/// </remarks>
/// <param name="budget">How long.</param>
/// <param name="time">The clock.</param>
/// <param name="spent">What was waited before.</param>
public sealed class RequestBudget(TimeSpan budget, TimeProvider time, TimeSpan spent = default)
{
    /// <summary>What takes no longer is prompt.</summary>
    private static readonly TimeSpan Prompt = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly long _began = time.GetTimestamp();

    /// <summary>When the questions were asked that are under way, the oldest first. All moments are counted from the beginning.</summary>
    private readonly LinkedList<TimeSpan> _asked = [];

    /// <summary>From when to when answers were waited for that were not prompt: none overlap, the last is on top.</summary>
    private readonly Stack<(TimeSpan From, TimeSpan To)> _waits = [];

    /// <summary>How long these are together, with what was waited before.</summary>
    private TimeSpan _spent = spent;

    /// <summary>Waits for an answer.</summary>
    /// <param name="ask">Asks; ends with its token. What others wait for too must only stop to be waited for.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    /// <exception cref="RemoteException">Unavailable where it does not come in time.</exception>
    public async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        var question = Begin(out var left)
            ?? throw new RemoteException(RemoteFailure.Unavailable, "The remote took too long to answer what was asked before.");
        using var deadline = new CancellationTokenSource(left, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await ask(both.Token);
        }
        catch (OperationCanceledException late) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new RemoteException(RemoteFailure.Unavailable, "The remote did not answer in time.", late);
        }
        finally
        {
            End(question, deadline.IsCancellationRequested);
        }
    }

    /// <summary>Notes a question, unless there is no patience left for it: null then.</summary>
    private LinkedListNode<TimeSpan>? Begin(out TimeSpan left)
    {
        lock (_lock)
        {
            var now = time.GetElapsedTime(_began);
            left = budget - SpentBy(now);
            return left > TimeSpan.Zero ? _asked.AddLast(now) : null;
        }
    }

    private void End(LinkedListNode<TimeSpan> question, bool isLate)
    {
        lock (_lock)
        {
            _asked.Remove(question);
            var (from, now) = (question.Value, time.GetElapsedTime(_began));
            if (now - from <= Prompt && !isLate)
            {
                return;
            }

            while (_waits.TryPeek(out var last) && last.To >= from)
            {
                _waits.Pop();
                _spent -= last.To - last.From;
                from = last.From < from ? last.From : from;
            }

            _waits.Push((from, now));
            _spent += now - from;
        }
    }

    /// <summary>What was waited, with the oldest question that is under way: the others were asked after it.</summary>
    private TimeSpan SpentBy(TimeSpan now)
    {
        if (_asked.First is not { Value: var from } || now - from <= Prompt)
        {
            return _spent;
        }

        var spent = _spent + (now - from);
        foreach (var wait in _waits)
        {
            if (wait.To <= from)
            {
                break;
            }

            spent -= wait.To - (wait.From > from ? wait.From : from);
        }

        return spent;
    }
}
