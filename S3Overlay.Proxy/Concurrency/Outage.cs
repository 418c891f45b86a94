namespace S3Overlay.Proxy.Concurrency;

/// <summary>
/// Whether an endpoint is down: known at once to whoever would ask it, so that nobody waits for it in vain. From when it was found down it is asked once a
/// second, by nobody's request, until it answers.
/// </summary>
/// <param name="answers">Asks for anything at all: whether there was an answer. What it throws is taken for none.</param>
/// <param name="changed">Told when an outage begins (true) and when it is over (false).</param>
/// <param name="time">The clock.</param>
internal sealed class Outage(Func<CancellationToken, Task<bool>> answers, Action<bool> changed, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private Task _watching = Task.CompletedTask;
    private volatile Task<bool>? _confirming;
    private Task? _looking;
    private int _outages;
    private volatile bool _isOn;

    /// <summary>Whether it is known to be down.</summary>
    public bool IsOn => _isOn;

    /// <summary>Whether it is being found out at this moment whether it is down.</summary>
    public bool IsDoubted => _confirming is { IsCompleted: false };

    /// <summary>
    /// Whether the endpoint, which failed a request, is down. One that answers another is not: what it failed at may be that one request. All who wonder at
    /// once share one question.
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

    /// <summary>Asks at once whether it is over, for whoever is about to do what must not be overlooked afterwards. All who do so at once share one question.</summary>
    public Task LookAsync(CancellationToken cancellationToken)
    {
        if (!_isOn)
        {
            return Task.CompletedTask;
        }

        lock (_lock)
        {
            if (_looking is not { IsCompleted: false })
            {
                using (ExecutionContext.SuppressFlow())
                {
                    var outage = _outages;
                    _looking = Task.Run(() => LookAsync(outage)).Observed();
                }
            }

            return _looking.WaitAsync(cancellationToken);
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
        if (await AnswersAsync())
        {
            return false;
        }

        lock (_lock)
        {
            _stopping.Token.ThrowIfCancellationRequested();
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
