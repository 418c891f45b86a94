using System.Collections.Concurrent;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// A remote that responds to any request is not down, even if an earlier health probe fails (table F). The clock does not move, so
/// the probe that runs once a second has no part in it.
/// </summary>
[Trait("Rule", "F")]
public sealed class RemoteBackTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _clock = new();
    private readonly ConcurrentQueue<bool> _outages = [];
    private readonly TaskCompletionSource _question = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _slow = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ScriptedRemote _remote = null!;
    private S3WireClient _client = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("bucket", "key", "value"u8.ToArray());
        _remote.Put("bucket", "slow", "value"u8.ToArray());
        _remote.Script = async (request, context) =>
        {
            if (request.Key.Length == 0)
            {
                await _question.Task;
                context.Abort();
                return ScriptedOutcome.Answered;
            }

            await (request.Key == "slow" ? _slow.Task : Task.CompletedTask);
            return ScriptedOutcome.AsUsual;
        };
        _client = new S3WireClient(
            new EndpointSettings { Endpoint = _remote.Endpoint }, _ => new(new SigningCredentials("key", "secret")), _clock,
            (_, isDown) => _outages.Enqueue(isDown));
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _remote.DisposeAsync();
    }

    /// <summary>A probe from the outage fails when the remote is back. It would make all requests fail for a second.</summary>
    [Fact]
    public async Task A_request_sent_before_another_succeeded_says_nothing()
    {
        await SuspectAsync();
        Assert.Equal(200, await GetAsync("key"));
        Assert.Equal(RemoteCondition.Doubted, _client.ConditionOf("bucket"));
        _question.SetResult();
        Assert.Equal(RemoteCondition.Answering, await DecidedAsync());
        Assert.Empty(_outages);
        Assert.Equal(200, await GetAsync("key"));

        // The next probe is a new one.
        await SuspectAsync();
        Assert.Equal(RemoteCondition.Down, await DecidedAsync());
    }

    [Fact]
    public async Task A_late_response_ends_an_outage()
    {
        var slow = GetAsync("slow");
        await _remote.UntilAsync(() => _remote.Requests.Any(request => request.Key == "slow"), "It was not asked.");
        await SuspectAsync();
        _question.SetResult();
        Assert.Equal(RemoteCondition.Down, await DecidedAsync());
        _slow.SetResult();
        Assert.Equal(200, await slow.WaitAsync(Patience.Limit));
        Assert.Equal(RemoteCondition.Answering, _client.ConditionOf("bucket"));
        Assert.Equal([true, false], _outages);
        Assert.Equal(200, await GetAsync("key"));
    }

    private async Task SuspectAsync()
    {
        var before = Questions();
        _client.Suspect("bucket");
        await _remote.UntilAsync(() => Questions() > before, "The remote got no request.");

        int Questions() => _remote.Requests.Count(request => request.Key.Length == 0);
    }

    private Task<RemoteCondition> DecidedAsync() => Patience.UntilAsync(
        () => Task.FromResult(_client.ConditionOf("bucket")), static condition => condition != RemoteCondition.Doubted, static _ =>
            "It is doubted still.");

    private async Task<int> GetAsync(string key)
    {
        using var response = await _client.SendAsync(new WireRequest("GET", "bucket", key), CancellationToken.None);
        return response.Status;
    }
}
