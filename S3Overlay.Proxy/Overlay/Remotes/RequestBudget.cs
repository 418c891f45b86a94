namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>
/// One request's total wait for remotes (table F): each call has what earlier ones left. Moving bytes, to the local layer or the client,
/// does not count.
/// </summary>
/// <remarks>
/// <code>
///   one call         |------------------|
///   others               |-----| |-----------|
///   counted wait     |-----------------------|
/// </code>
/// Overlapping calls count once, and a running call counts up to now. A call with a response within a second costs nothing, however many
/// there are: a listing of a healthy remote may have to skip very many deleted keys, page by page. A call that takes longer counts in full.
/// </remarks>
/// <param name="budget">The total.</param>
/// <param name="time">The clock.</param>
/// <param name="spent">Time already spent.</param>
public sealed class RequestBudget(TimeSpan budget, TimeProvider time, TimeSpan spent = default)
{
    private static readonly TimeSpan Prompt = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly long _began = time.GetTimestamp();

    /// <summary>Start times of the running calls, oldest first, relative to the budget's creation.</summary>
    private readonly LinkedList<TimeSpan> _asked = [];

    /// <summary>The waits that counted. They do not overlap; the latest is on top.</summary>
    private readonly Stack<(TimeSpan From, TimeSpan To)> _waits = [];

    /// <summary>Total of all waits, with the time spent before.</summary>
    private TimeSpan _spent = spent;

    /// <summary>Waits for a call.</summary>
    /// <param name="ask">Sends the call; its token ends the wait. Work shared with others must not be cancelled, only abandoned.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="RemoteException">Unavailable if the budget runs out.</exception>
    public async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        var call = Begin(out var left)
            ?? throw new RemoteException(RemoteFailure.Unavailable, "Earlier calls to the remote used up the request's time.");
        using var deadline = new CancellationTokenSource(left, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await ask(both.Token);
        }
        catch (OperationCanceledException late) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new RemoteException(RemoteFailure.Unavailable, "The remote did not respond in time.", late);
        }
        finally
        {
            End(call, deadline.IsCancellationRequested);
        }
    }

    /// <summary>Notes a new call; null if the budget is spent.</summary>
    private LinkedListNode<TimeSpan>? Begin(out TimeSpan left)
    {
        lock (_lock)
        {
            var now = time.GetElapsedTime(_began);
            left = budget - SpentBy(now);
            return left > TimeSpan.Zero ? _asked.AddLast(now) : null;
        }
    }

    private void End(LinkedListNode<TimeSpan> call, bool isLate)
    {
        lock (_lock)
        {
            _asked.Remove(call);
            var (from, now) = (call.Value, time.GetElapsedTime(_began));
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

    /// <summary>Time spent until now. The oldest running call covers the later ones.</summary>
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

/// <summary>A remote used for one client request: calls wait no longer than the request's budget.</summary>
/// <param name="remote">The remote.</param>
/// <param name="budget">The request's budget.</param>
public sealed class BudgetedRemote(IRemote remote, RequestBudget budget) : IRemote
{
    /// <inheritdoc/>
    public string Endpoint => remote.Endpoint;

    /// <inheritdoc/>
    public string Name => remote.Name;

    /// <inheritdoc/>
    public RemoteCondition ConditionOf(string bucket) => remote.ConditionOf(bucket);

    /// <inheritdoc/>
    public ValueTask<bool> KeepsAsync(string bucket, string key, CancellationToken cancellationToken) =>
        remote.KeepsAsync(bucket, key, cancellationToken);

    /// <inheritdoc/>
    public TimeSpan? Ahead => remote.Ahead;

    /// <inheritdoc/>
    public DateTimeOffset? CreatedOf(string bucket) => remote.CreatedOf(bucket);

    /// <inheritdoc/>
    public void Suspect(string bucket) => remote.Suspect(bucket);

    /// <inheritdoc/>
    public Task<RemoteResult> TryGetAsync(RemoteRead read, CancellationToken cancellationToken) =>
        TryAsync(token => remote.TryGetAsync(read, token), cancellationToken);

    /// <inheritdoc/>
    public Task<RemoteResult> TryHeadAsync(RemoteRead read, CancellationToken cancellationToken) =>
        TryAsync(token => remote.TryHeadAsync(read, token), cancellationToken);

    /// <inheritdoc/>
    public Task<RemotePage> ListAsync(RemoteListing listing, CancellationToken cancellationToken) =>
        budget.AskAsync(token => remote.ListAsync(listing, token), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> BucketExistsAsync(string bucket, CancellationToken cancellationToken) =>
        budget.AskAsync(token => remote.BucketExistsAsync(bucket, token), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<LayerBucket>> ListBucketsAsync(CancellationToken cancellationToken) =>
        budget.AskAsync(remote.ListBucketsAsync, cancellationToken);

    private async Task<RemoteResult> TryAsync(Func<CancellationToken, Task<RemoteResult>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return await budget.AskAsync(ask, cancellationToken);
        }
        catch (RemoteException late)
        {
            return late;
        }
    }
}
