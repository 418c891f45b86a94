namespace S3Overlay.Proxy.Concurrency;

/// <summary>
/// Whether an endpoint is down: known at once to whoever would ask it, so that nobody waits for it in vain. From when it was found down it
/// is asked once a second, by nobody's request, until it answers.
/// </summary>
/// <param name="answers">Asks for anything at all: whether there was an answer. What it throws is taken for none.</param>
/// <param name="changed">Told when an outage begins (true) and when it is over (false).</param>
/// <param name="time">The clock.</param>
internal sealed class EndpointHealth(Func<CancellationToken, Task<bool>> answers, Action<bool> changed, TimeProvider time)
    : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private Task _watching = Task.CompletedTask;
    private volatile Task<bool>? _confirming;
    private Task? _looking;

    /// <summary>How many questions whether it is over were put by those who must know.</summary>
    private int _looks;
    private int _outages;

    /// <summary>How often it is known to have done what was asked of it.</summary>
    private int _done;
    private volatile bool _isOn;

    /// <summary>Whether it is known to be down.</summary>
    public bool IsOn => _isOn;

    /// <summary>Whether it is being found out at this moment whether it is down.</summary>
    public bool IsDoubted => _confirming is { IsCompleted: false };

    /// <summary>
    /// Whether the endpoint, which failed a request, is down. One that answers another is not: what it failed at may be that one request.
    /// All who wonder at once share one question.
    /// </summary>
    public Task<bool> BeginsAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_isOn)
            {
                return Task.FromResult(true);
            }

            if (_confirming is not { IsCompleted: false })
            {
                // What is asked from here on is no part of the request that had no answer: neither its trace nor the way it came.
                using (ExecutionContext.SuppressFlow())
                {
                    _confirming = Task.Run(ConfirmAsync).Observed();
                }
            }

            return _confirming.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Asks at once whether it is over, or is about to begin, for whoever is about to do what must not be overlooked afterwards. All who do
    /// so at once share one question, which was put after they came: one that was put before may hang still, though the endpoint is back.
    /// </summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        if (_confirming is { IsCompleted: false } confirming)
        {
            await confirming.WaitAsync(cancellationToken);
        }

        int before;
        lock (_lock)
        {
            before = _looks;
        }

        for (var hasAsked = false; !hasAsked;)
        {
            Task looking;
            lock (_lock)
            {
                if (!_isOn)
                {
                    return;
                }

                if (_looking is not { IsCompleted: false })
                {
                    using (ExecutionContext.SuppressFlow())
                    {
                        var outage = _outages;
                        _looks++;
                        _looking = Task.Run(() => LookAsync(outage)).Observed();
                    }
                }

                (looking, hasAsked) = (_looking, _looks > before);
            }

            await looking.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// It has done what must not be overlooked: it is not down, and a question that was put before this says nothing. To be called when
    /// that is known.
    /// </summary>
    public void NoteDone()
    {
        lock (_lock)
        {
            _done++;
            if (_isOn)
            {
                _isOn = false;
                changed(false);
            }
        }
    }

    /// <summary>It has answered somebody. As <see cref="NoteDone"/>, and next to nothing while nobody doubts that it answers.</summary>
    public void NoteAnswered()
    {
        // In this order: doubt that is over has left behind what it led to.
        if (IsDoubted || _isOn)
        {
            NoteDone();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        Task[] running;
        lock (_lock)
        {
            running = [_confirming ?? Task.CompletedTask, _watching, _looking ?? Task.CompletedTask];
        }

        foreach (var task in running)
        {
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _stopping.Dispose();
    }

    private async Task<bool> ConfirmAsync()
    {
        var done = Volatile.Read(ref _done);
        if (await AnswersAsync())
        {
            return false;
        }

        lock (_lock)
        {
            _stopping.Token.ThrowIfCancellationRequested();
            if (_done != done)
            {
                return false;
            }

            _isOn = true;
            changed(true);
            _watching = WatchAsync(++_outages);
        }

        return true;
    }

    private async Task WatchAsync(int outage)
    {
        do
        {
            await Task.Delay(Pause, time, _stopping.Token);
        }
        while (!await LookAsync(outage));
    }

    /// <summary>Whether an outage is over.</summary>
    private async Task<bool> LookAsync(int outage)
    {
        var answers = await AnswersAsync();
        lock (_lock)
        {
            if (!_isOn || outage != _outages)
            {
                return true;
            }

            if (answers)
            {
                _isOn = false;
                changed(false);
            }

            return answers;
        }
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            return await answers(_stopping.Token);
        }
        catch (Exception) when (!_stopping.IsCancellationRequested)
        {
            return false;
        }
    }
}
