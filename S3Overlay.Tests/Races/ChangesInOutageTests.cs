using S3Overlay.Proxy.Concurrency;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// Once a store is back, reads see what it has accepted, regardless of earlier and hanging health probes (table F, rule
/// C3).
/// </summary>
[Trait("Rule", "F"), Trait("Rule", "C3")]
public sealed class ChangesInOutageTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly Queue<TaskCompletionSource<bool>> _questions = [];
    private readonly SemaphoreSlim _asked = new(0);
    private readonly EndpointHealth _outage;

    public ChangesInOutageTests() => _outage = new EndpointHealth(AskAsync, _ => { }, _clock);

    public async ValueTask DisposeAsync()
    {
        await _outage.DisposeAsync();
        _asked.Dispose();
    }

    /// <summary>The earlier probe still hangs when the store is back.</summary>
    [Fact]
    public async Task A_caller_that_joins_a_failing_probe_gets_a_later_one()
    {
        await BeginAsync();
        var first = _outage.LookAsync(default);
        var hanging = await NextAsync();
        var second = _outage.LookAsync(default);
        var third = _outage.LookAsync(default);
        hanging.SetResult(false);
        await first.WaitAsync(Patience.Limit);
        Assert.True(_outage.IsOn);
        Assert.False(second.IsCompleted);
        (await NextAsync()).SetResult(true);
        await Task.WhenAll(second, third).WaitAsync(Patience.Limit);
        Assert.False(_outage.IsOn);
        Assert.Empty(_questions);
    }

    /// <summary>
    /// Many wait for a probe that fails. The next one ends the outage while some of them are about to check whether it lasts.
    /// </summary>
    [Fact]
    public async Task An_outage_that_is_over_is_not_probed()
    {
        for (var round = 0; round < 2000; round++)
        {
            await BeginAsync();
            var first = _outage.LookAsync(default);
            var hanging = await NextAsync();
            Task[] others = [.. Enumerable.Range(0, 8).Select(_ => _outage.LookAsync(default))];
            hanging.SetResult(false);
            (await NextAsync()).SetResult(true);
            await Task.WhenAll([first, .. others]).WaitAsync(Patience.Limit);
            Assert.False(_outage.IsOn);
            Assert.Empty(_questions);
        }
    }

    /// <summary>
    /// A read has failed, and the probe that follows still hangs when the store is back.
    /// </summary>
    [Fact]
    public async Task A_reader_that_comes_during_a_probe_waits_for_it_and_then_asks_for_itself()
    {
        var doubting = _outage.BeginsAsync(default);
        var hanging = await NextAsync();
        var look = _outage.LookAsync(default);
        Assert.False(look.IsCompleted);
        hanging.SetResult(false);
        Assert.True(await doubting.WaitAsync(Patience.Limit));
        (await NextAsync()).SetResult(true);
        await look.WaitAsync(Patience.Limit);
        Assert.False(_outage.IsOn);
    }

    /// <summary>The change had begun before anybody doubted.</summary>
    [Fact]
    public async Task A_request_sent_before_a_change_starts_no_outage()
    {
        var doubting = _outage.BeginsAsync(default);
        var hanging = await NextAsync();
        _outage.NoteDone();
        hanging.SetResult(false);
        Assert.False(await doubting.WaitAsync(Patience.Limit));
        Assert.False(_outage.IsOn);
        await BeginAsync();
    }

    /// <summary>The store came back between the probe and the change.</summary>
    [Fact]
    public async Task A_change_that_is_done_ends_an_outage_and_the_next_begins_as_ever()
    {
        await BeginAsync();
        _outage.NoteDone();
        Assert.False(_outage.IsOn);
        await _outage.LookAsync(default).WaitAsync(Patience.Limit);
        await BeginAsync();
    }

    private async Task BeginAsync()
    {
        var doubting = _outage.BeginsAsync(default);
        (await NextAsync()).SetResult(false);
        Assert.True(await doubting.WaitAsync(Patience.Limit));
        Assert.True(_outage.IsOn);
    }

    private async Task<TaskCompletionSource<bool>> NextAsync()
    {
        Assert.True(await _asked.WaitAsync(Patience.Limit), "The store got no request.");
        lock (_questions)
        {
            return _questions.Dequeue();
        }
    }

    private Task<bool> AskAsync(CancellationToken cancellationToken)
    {
        var question = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_questions)
        {
            _questions.Enqueue(question);
        }

        _asked.Release();
        return question.Task.WaitAsync(cancellationToken);
    }
}
