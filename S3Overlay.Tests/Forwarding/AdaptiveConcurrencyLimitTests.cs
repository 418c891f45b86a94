using S3Overlay.Proxy.Forwarding.Endpoints;

namespace S3Overlay.Tests.Forwarding;

/// <summary>A throttling endpoint gets fewer parallel requests, and more again as it responds (table F).</summary>
[Trait("Rule", "F")]
public sealed class AdaptiveConcurrencyLimitTests
{
    private readonly AdaptiveConcurrencyLimit _pace = new();

    [Fact]
    public async Task Any_number_goes_until_it_says_that_it_is_too_many()
    {
        var turns = await EnterAsync(500);
        Assert.Equal(double.PositiveInfinity, _pace.Limit);
        turns.ForEach(turn => _pace.Leave(turn, false));
        Assert.Equal(double.PositiveInfinity, _pace.Limit);
    }

    [Fact]
    public async Task Those_that_are_refused_together_halve_it_once()
    {
        var turns = await EnterAsync(64);
        turns.ForEach(turn => _pace.Leave(turn, true));
        Assert.Equal(32, _pace.Limit);
        turns = await EnterAsync(32);
        Assert.False(_pace.EnterAsync(default).IsCompleted);
        turns.ForEach(turn => _pace.Leave(turn, true));
        Assert.Equal(16, _pace.Limit);
    }

    [Fact]
    public async Task It_never_falls_below_one()
    {
        for (var i = 0; i < 10; i++)
        {
            _pace.Leave(await _pace.EnterAsync(default), true);
            Assert.Equal(1, _pace.Limit);
        }
    }

    [Fact]
    public async Task Waiters_go_in_order_and_cancelled_ones_are_skipped()
    {
        (await EnterAsync(4)).ForEach(turn => _pace.Leave(turn, true));
        var running = await EnterAsync(2);
        using var leaving = new CancellationTokenSource();
        var (first, gone, second) = (_pace.EnterAsync(default).AsTask(), _pace.EnterAsync(leaving.Token).AsTask(),
            _pace.EnterAsync(default).AsTask());
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.False(first.IsCompleted);
        _pace.Leave(running[0], null);
        await first;
        Assert.False(second.IsCompleted);
        _pace.Leave(running[1], null);
        await second;
    }

    [Fact]
    public async Task Each_round_of_responses_allows_one_more_until_there_is_no_limit()
    {
        (await EnterAsync(8)).ForEach(turn => _pace.Leave(turn, true));
        for (var round = 4; round < 8; round++)
        {
            (await EnterAsync(round)).ForEach(turn => _pace.Leave(turn, false));
            Assert.InRange(_pace.Limit, round + 0.7, round + 1.1);
        }

        for (var i = 0; _pace.Limit < double.PositiveInfinity; i++)
        {
            Assert.True(i < 1_000_000);
            _pace.Leave(await _pace.EnterAsync(default), false);
        }
    }

    /// <summary>Other failures say nothing about the right number of requests.</summary>
    [Fact]
    public async Task Other_failures_change_nothing()
    {
        (await EnterAsync(8)).ForEach(turn => _pace.Leave(turn, true));
        (await EnterAsync(4)).ForEach(turn => _pace.Leave(turn, null));
        Assert.Equal(4, _pace.Limit);
    }

    private async Task<List<long>> EnterAsync(int count)
    {
        var turns = new List<long>();
        for (var i = 0; i < count; i++)
        {
            turns.Add(await _pace.EnterAsync(default));
        }

        return turns;
    }
}
