using System.Net.Sockets;
using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>Writes, deletes, changes, failures of the remote, and disconnects during a copy-up (rule W5).</summary>
[Trait("Rule", "W5")]
public sealed class CopyUpRaceTests : CopyUpTestBase
{
    public static TheoryData<string, string> Races()
    {
        var data = new TheoryData<string, string>();
        foreach (var local in (string[])["embedded", "store"])
        {
            foreach (var stage in (string[])["head", "tags", "first byte", "amid"])
            {
                data.Add(local, stage);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Races))]
    public async Task A_concurrent_write_keeps_its_bytes_and_gets_the_tags(string local, string stage)
    {
        await StartAsync(local);
        At(stage, async () => Assert
            .Equal(200, (await _proxy.SendAsync("PUT", "/bucket/key", "written", ("x-amz-meta-m", "theirs"))).Status));
        Assert.Equal(200, (await SetTagsAsync(("new", "2"))).Status);
        var after = await GetAsync();
        Assert.Equal(("written", "theirs", "local"), (after.Text, after.Headers["x-amz-meta-m"], after.Headers["x-s3overlay-layer"]));
        Assert.Equal("new=2", await TagsAsync());
        Assert.Null(_meanwhile);
    }

    [Theory]
    [MemberData(nameof(Races))]
    public async Task A_concurrent_delete_stays(string local, string stage)
    {
        await StartAsync(local);
        At(stage, async () => Assert.Equal(204, (await _proxy.SendAsync("DELETE", "/bucket/key")).Status));
        Assert.Equal((404, "NoSuchKey"), Error(await SetTagsAsync(("new", "2"))));
        Assert.Equal(404, (await GetAsync()).Status);
        Assert.Null(_meanwhile);
    }

    [Theory]
    [MemberData(nameof(Races))]
    public async Task A_concurrent_change_at_the_remote_is_never_mixed(string local, string stage)
    {
        await StartAsync(local);
        byte[] other = [.. Bytes.Select(static value => (byte)~value)];
        At(stage, () =>
        {
            _remote.Put("bucket", "key", Object("\"other\"") with { Bytes = other });
            return Task.CompletedTask;
        });
        Assert.Equal(200, (await SetTagsAsync(("new", "2"))).Status);
        var body = (await GetAsync()).Body;
        Assert.True(body.AsSpan().SequenceEqual(Bytes) || body.AsSpan().SequenceEqual(other));
        Assert.Equal("new=2", await TagsAsync());
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task A_remote_that_breaks_off_leaves_nothing(string local)
    {
        await StartAsync(local, ("S3_OVERLAY_REMOTE_BUDGET", "2m"));
        var sent = 0;
        _remote.Script = async (request, context) =>
        {
            if (!IsBody(request))
            {
                return await ScriptAsync(request, context);
            }

            if (Interlocked.Increment(ref sent) == 1)
            {
                return new ScriptedOutcome { CutAfter = 100_000 };
            }

            context.Abort();
            return ScriptedOutcome.Answered;
        };
        Assert.Equal((503, "ServiceUnavailable"), Error(await SetTagsAsync(("new", "2"))));
        Assert.True(sent > 1);
        if (_store is not null)
        {
            Assert.DoesNotContain("<Key>key</Key>", (await new SignedHttp(_store.Endpoint) { Clock = _clock }
                .SendAsync("GET", "/bucket", null)).Text, StringComparison.Ordinal);
        }

        _remote.Script = ScriptAsync;
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("remote", await LayerAsync());
        Assert.Equal("old=a b", await TagsAsync());
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task A_client_that_disconnects_ends_the_copy(string local)
    {
        await StartAsync(local);
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ScriptedRequest? reading = null;
        _remote.Script = (request, context) =>
        {
            if (!IsBody(request))
            {
                return ScriptAsync(request, context);
            }

            context.RequestAborted.Register(left.SetResult);
            reading = request;
            return Task.FromResult(new ScriptedOutcome { GateAfter = (300_000, new TaskCompletionSource()) });
        };
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(_proxy.Endpoint.Host, _proxy.Endpoint.Port);
            await client.GetStream()
                .WriteAsync(_proxy.Http.Signed("PUT", "/bucket/key?tagging", Encoding.UTF8.GetBytes(Document(("new", "2")))));
            await _remote.UntilAsync(() => reading is { BytesSent: >= 300_000 }, "The remote was not read.");
        }

        await left.Task.WaitAsync(Patience.Limit);
        Assert.Equal("remote", await LayerAsync());
        _remote.Script = ScriptAsync;
        Assert.Equal(200, (await SetTagsAsync(("new", "2"))).Status);
        Assert.Equal(Bytes, (await GetAsync()).Body);
    }
}
