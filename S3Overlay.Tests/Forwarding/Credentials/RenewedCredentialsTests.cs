using S3Overlay.Proxy.Forwarding.Credentials;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Credentials;

/// <summary>When expiring keys are renewed, and which requests wait for that.</summary>
public sealed class RenewedCredentialsTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly ManualTimeProvider _clock = new();
    private readonly List<string> _told = [];
    private readonly RenewedCredentials _credentials;
    private TaskCompletionSource<ObtainedKeys> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan? _life = Hour;
    private int _asked;

    public RenewedCredentialsTests() => _credentials = new RenewedCredentials(AskAsync, _clock, _told.Add);

    [Fact]
    public async Task Keys_are_renewed_before_they_expire_by_one_attempt_that_no_request_waits_for()
    {
        await GetFirstAsync("first");
        _clock.Advance(Hour - RenewedCredentials.Lead - TimeSpan.FromSeconds(1));
        Assert.Equal("first", GetNow());
        Assert.Equal(1, _asked);

        _clock.Advance(TimeSpan.FromSeconds(1));
        var held = Hold();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => Assert.Equal("first", GetNow()))));
        await Patience.UntilAsync(() => Volatile.Read(ref _asked) == 2, "no new keys are requested");
        Assert.Equal("first", GetNow());
        Give(held, "second");

        await Patience.UntilAsync(() => GetNow() == "second", "the new keys are not used");
        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task Requests_without_keys_share_one_attempt()
    {
        var held = Hold();
        var waiting = Enumerable.Range(0, 50).Select(_ => GetAsync()).ToList();
        using var gone = new CancellationTokenSource();
        var leaving = _credentials.GetAsync(gone.Token).AsTask();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        Give(held, "first");

        Assert.All(await Task.WhenAll(waiting), key => Assert.Equal("first", key));
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task A_failed_renewal_is_reported_once_and_the_keys_are_used_until_they_expire()
    {
        await GetFirstAsync("first");
        _clock.Advance(Hour - RenewedCredentials.Lead);
        for (var attempt = 2; attempt <= 4; attempt++)
        {
            Fail(Hold(), "no renewal");
            Assert.Equal("first", GetNow());
            await Patience.UntilAsync(() => Volatile.Read(ref _asked) == attempt, "no new keys are requested");
            await Patience.UntilAsync(() => _credentials.IsIdle, "the attempt does not end");
            Assert.Equal("first", GetNow());
            Assert.Equal(attempt, _asked);
            _clock.Advance(RenewedCredentials.Pause);
        }

        Assert.Equal(["no renewal remedy"], _told);
        _clock.Advance(RenewedCredentials.Lead);
        Fail(Hold(), "expired at last");
        Assert.Equal("expired at last remedy", (await Assert.ThrowsAsync<CredentialsException>(GetAsync)).Message);
    }

    [Fact]
    public async Task A_failure_counts_for_a_moment_so_that_a_service_in_trouble_is_not_flooded()
    {
        Fail(Hold(), "down");
        await Assert.ThrowsAsync<CredentialsException>(GetAsync);
        await Assert.ThrowsAsync<CredentialsException>(GetAsync);
        Assert.Equal(1, _asked);

        _clock.Advance(RenewedCredentials.Pause);
        await GetFirstAsync("first");
        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task An_attempt_that_hangs_is_given_up()
    {
        Hold();
        var waiting = GetAsync();
        await Patience.UntilAsync(() => Volatile.Read(ref _asked) == 1, "no keys are requested");
        await _clock.WaitForTimerAsync(RenewedCredentials.Limit);
        _clock.Advance(RenewedCredentials.Limit);

        Assert.Contains("within 30 seconds", (await Assert.ThrowsAsync<CredentialsException>(() => waiting)).Problem,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(30, 20)]
    [InlineData(2400, 1600)]
    [InlineData(3600, 2700)]
    public async Task Short_lived_keys_are_renewed_in_the_last_third_of_their_life(int life, int renewedAfter)
    {
        _life = TimeSpan.FromSeconds(life);
        await GetFirstAsync("first");
        _clock.Advance(TimeSpan.FromSeconds(renewedAfter - 1));
        GetNow();
        Assert.True(_credentials.IsIdle);

        _clock.Advance(TimeSpan.FromSeconds(1));
        Give(Hold(), "second");
        GetNow();
        await Patience.UntilAsync(() => GetNow() == "second", "the keys are not renewed");
    }

    [Fact]
    public async Task Temporary_keys_that_do_not_say_when_they_expire_are_read_again()
    {
        _life = null;
        await GetFirstAsync("first");
        _clock.Advance(RenewedCredentials.Reread);
        Give(Hold(), "second");
        GetNow();

        await Patience.UntilAsync(() => GetNow() == "second", "the keys are not read again");
    }

    [Fact]
    public async Task Keys_that_had_expired_when_they_came_are_refused()
    {
        _life = TimeSpan.Zero;
        Give(Hold(), "old");

        Assert.Contains("clock", (await Assert.ThrowsAsync<CredentialsException>(GetAsync)).Remedy, StringComparison.Ordinal);
    }

    private async Task GetFirstAsync(string key)
    {
        Give(Hold(), key);
        Assert.Equal(key, await GetAsync());
    }

    private async Task<string> GetAsync() => (await _credentials.GetAsync(default))!.AccessKey;

    /// <summary>The keys that a request gets which does not wait.</summary>
    private string GetNow()
    {
        var keys = _credentials.GetAsync(default);
        Assert.True(keys.IsCompletedSuccessfully, "a request waits");
        return keys.Result!.AccessKey;
    }

    /// <summary>Makes the next attempt wait.</summary>
    private TaskCompletionSource<ObtainedKeys> Hold() => _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Give(TaskCompletionSource<ObtainedKeys> held, string key) =>
        held.SetResult(new(new SigningCredentials(key, "secret", "token"), _life is { } life ? _clock.GetUtcNow() + life : null));

    private static void Fail(TaskCompletionSource<ObtainedKeys> held, string problem) =>
        held.SetException(new CredentialsException(problem, "remedy"));

    private Task<ObtainedKeys> AskAsync()
    {
        Interlocked.Increment(ref _asked);
        return _answer.Task;
    }
}
