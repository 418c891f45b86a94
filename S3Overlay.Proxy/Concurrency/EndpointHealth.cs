namespace S3Overlay.Proxy.Concurrency;

/// <summary>
/// A circuit breaker: knows whether an endpoint is down, so that requests fail at once instead of waiting for it. While it is down, a
/// background probe asks once a second until it responds.
/// </summary>
/// <param name="probe">The probe: any request. Returns whether a response came; an exception counts as none.</param>
/// <param name="changed">Called when an outage begins (true) and ends (false).</param>
internal sealed class EndpointHealth(Func<CancellationToken, Task<bool>> probe, Action<bool> changed, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private Task _watching = Task.CompletedTask;
    private volatile Task<bool>? _confirming;
    private Task? _looking;

    /// <summary>The number of probes that callers started.</summary>
    private int _looks;
    private int _outages;

    /// <summary>The number of successful operations so far.</summary>
    private int _done;
    private volatile bool _isOn;

    /// <summary>Whether the endpoint is down.</summary>
    public bool IsOn => _isOn;

    /// <summary>Whether a probe is checking right now if the endpoint is down.</summary>
    public bool IsDoubted => _confirming is { IsCompleted: false };

    /// <summary>
    /// Called after a failed request: whether the endpoint is down. If it answers the probe, only that request failed. Concurrent callers
    /// share one probe.
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
                // The probe is not part of the failed request: neither of its trace nor of its proxy chain.
                using (ExecutionContext.SuppressFlow())
                {
                    _confirming = Task.Run(ConfirmAsync).Observed();
                }
            }

            return _confirming.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Probes at once whether an outage is over or about to begin, before work that relies on the answer. Concurrent callers share one
    /// probe that started after they called: an earlier one may still hang although the endpoint is back.
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

        for (var hasProbed = false; !hasProbed;)
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

                (looking, hasProbed) = (_looking, _looks > before);
            }

            await looking.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Records a successful operation: the endpoint is up, and probes that started before this do not count. Call it when the success is
    /// known.
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

    /// <summary>Records a response. Same as <see cref="NoteDone"/>, and almost free unless the endpoint is in doubt.</summary>
    public void NoteResponse()
    {
        // In this order: once the doubt is over, its result is set.
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
        if (await RespondsAsync())
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
        var responds = await RespondsAsync();
        lock (_lock)
        {
            if (!_isOn || outage != _outages)
            {
                return true;
            }

            if (responds)
            {
                _isOn = false;
                changed(false);
            }

            return responds;
        }
    }

    private async Task<bool> RespondsAsync()
    {
        try
        {
            return await probe(_stopping.Token);
        }
        catch (Exception) when (!_stopping.IsCancellationRequested)
        {
            return false;
        }
    }
}
