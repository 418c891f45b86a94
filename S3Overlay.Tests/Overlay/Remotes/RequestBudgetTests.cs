using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Remotes;

/// <summary>How much of its budget a request has left for the next call.</summary>
[Trait("Rule", "F")]
public sealed class RequestBudgetTests
{
    private readonly ManualTimeProvider _clock = new();

    private RequestBudget Patience => field ??= new RequestBudget(TimeSpan.FromSeconds(10), _clock);

    [Fact]
    public async Task Slow_responses_leave_less_for_the_next_request()
    {
        await AskAsync(TimeSpan.FromSeconds(6));
        _clock.Advance(TimeSpan.FromMinutes(1));
        await AskAsync(TimeSpan.FromSeconds(3));
        await EndsWithinAsync(TimeSpan.FromSeconds(1), Hang());
        await EndsWithinAsync(TimeSpan.Zero, Hang());
    }

    [Fact]
    public async Task Prompt_responses_cost_nothing_regardless_of_their_number()
    {
        for (var i = 0; i < 100; i++)
        {
            await AskAsync(TimeSpan.FromSeconds(1));
        }

        await AskAsync(TimeSpan.FromSeconds(9));
    }

    [Fact]
    public async Task Parallel_requests_are_waited_for_once()
    {
        var responses = new TaskCompletionSource<int>();
        var together = Enumerable.Range(0, 8).Select(_ => Patience.AskAsync(_ => responses.Task, default)).ToList();
        _clock.Advance(TimeSpan.FromSeconds(6));
        responses.SetResult(1);
        await Task.WhenAll(together);
        await AskAsync(TimeSpan.FromSeconds(3.5));
    }

    /// <summary>In any order, and with any share of the wait.</summary>
    [Fact]
    public async Task A_request_during_which_others_finished_costs_all_of_its_time()
    {
        var (one, other) = (new TaskCompletionSource<int>(), new TaskCompletionSource<int>());
        var first = Patience.AskAsync(_ => one.Task, default);
        _clock.Advance(TimeSpan.FromSeconds(6));
        var second = Patience.AskAsync(_ => other.Task, default);
        _clock.Advance(TimeSpan.FromSeconds(1.5));
        other.SetResult(1);
        await second;
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        one.SetResult(1);
        await first;
        await EndsWithinAsync(TimeSpan.FromSeconds(2), Hang());
    }

    [Fact]
    public async Task A_request_sent_while_another_hangs_has_only_what_that_one_has_left()
    {
        var hanging = Hang();
        _clock.Advance(TimeSpan.FromSeconds(9));
        await AskAsync(TimeSpan.FromSeconds(0.5));
        await EndsWithinAsync(TimeSpan.FromSeconds(0.5), Hang());
        await EndsWithinAsync(TimeSpan.Zero, hanging);
    }

    [Fact]
    public async Task Time_waited_before_and_during_another_request_counts_once()
    {
        await AskAsync(TimeSpan.FromSeconds(2));
        var one = new TaskCompletionSource<int>();
        var first = Patience.AskAsync(_ => one.Task, default);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await AskAsync(TimeSpan.FromSeconds(2));
        _clock.Advance(TimeSpan.FromSeconds(1));
        var third = Hang();
        one.SetResult(1);
        await first;
        await EndsWithinAsync(TimeSpan.FromSeconds(4), third);
    }

    /// <summary>Several sequential requests during an earlier one that hangs.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Time_waited_several_times_during_another_request_counts_once(bool hasResponse)
    {
        var one = new TaskCompletionSource<int>();
        var first = Patience.AskAsync(_ => one.Task, default);
        for (var i = 0; i < 2; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await AskAsync(TimeSpan.FromSeconds(2));
        }

        _clock.Advance(TimeSpan.FromSeconds(1));
        if (hasResponse)
        {
            one.SetResult(1);
            await first;
        }

        await EndsWithinAsync(TimeSpan.FromSeconds(3), Hang());
        one.TrySetResult(1);
        await first;
    }

    [Fact]
    public async Task Prompt_responses_cost_nothing_even_if_one_is_always_under_way()
    {
        var last = new TaskCompletionSource<int>();
        var asking = Patience.AskAsync(_ => last.Task, default);
        for (var i = 0; i < 100; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(0.3));
            var next = new TaskCompletionSource<int>();
            var following = Patience.AskAsync(_ => next.Task, default);
            _clock.Advance(TimeSpan.FromSeconds(0.3));
            last.SetResult(1);
            await asking;
            (last, asking) = (next, following);
        }

        last.SetResult(1);
        await asking;
        await AskAsync(TimeSpan.FromSeconds(9));
    }

    [Fact]
    public async Task A_client_that_disconnects_does_not_count_as_a_slow_remote()
    {
        using var leaving = new CancellationTokenSource();
        var hanging = Patience.AskAsync<int>(async token => { await Task.Delay(Timeout.InfiniteTimeSpan, token); return 1; },
            leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
    }

    /// <summary>A request that gets its response after the given time.</summary>
    private async Task AskAsync(TimeSpan after)
    {
        var response = new TaskCompletionSource<int>();
        var asking = Patience.AskAsync(token => response.Task.WaitAsync(token), default);
        _clock.Advance(after);
        response.SetResult(1);
        Assert.Equal(1, await asking);
    }

    /// <summary>A hanging request is given up after exactly the given time.</summary>
    private async Task EndsWithinAsync(TimeSpan after, Hanging hanging)
    {
        if (after > TimeSpan.Zero)
        {
            _clock.Advance(after - TimeSpan.FromMilliseconds(1));
            Assert.False(hanging.IsGivenUp());
            _clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(RemoteFailure.Unavailable,
            (await Assert.ThrowsAsync<RemoteException>(() => hanging.Asking.WaitAsync(Support.Patience.Limit))).Failure);
    }

    private Hanging Hang()
    {
        CancellationToken given = default;
        var asking = Patience.AskAsync(
            async token =>
            {
                given = token;
                await Task.Delay(Timeout.InfiniteTimeSpan, token);
                return 1;
            },
            default);
        return new Hanging(asking, () => asking.IsCompleted || given.IsCancellationRequested);
    }

    /// <summary>A request that never gets a response.</summary>
    /// <param name="Asking">Ends when it is given up, a little later than that is known.</param>
    /// <param name="IsGivenUp">Whether it is, as of the clock's last move.</param>
    private sealed record Hanging(Task<int> Asking, Func<bool> IsGivenUp);
}
