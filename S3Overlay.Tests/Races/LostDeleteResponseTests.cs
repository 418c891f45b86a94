using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// Deletes over a store that keeps versions. At each call in turn the response is lost, whether or not the call took effect. The client
/// gets 503 and retries. Whatever the first attempt did, the key is deleted in the end, and one tombstone names its newest delete marker:
/// deleting the markers shows what was there before (rules D1, V4, F).
/// </summary>
[Trait("Rule", "D1"), Trait("Rule", "V4"), Trait("Rule", "F")]
public sealed class LostDeleteResponseTests : IAsyncLifetime
{
    /// <summary>The call takes effect, and its response is lost, at each retry too.</summary>
    private const string Lost = "lost";

    /// <summary>The call never reaches the store.</summary>
    private const string Cut = "cut";

    /// <summary>From that call on all calls take effect and none gets a response.</summary>
    private const string Mute = "mute";

    /// <summary>From that call on, none reaches the store.</summary>
    private const string Dead = "dead";

    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private VersionedStore _store = null!;
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    /// <summary>How calls fail, whether the client names an ETag, and whether the client wrote the key before, and deleted it.</summary>
    public static TheoryData<string, bool, bool, bool> Deletes
    {
        get
        {
            var rows = new TheoryData<string, bool, bool, bool>();
            foreach (var how in (string[])[Lost, Cut, Mute, Dead])
            {
                foreach (var isConditional in (bool[])[false, true])
                {
                    rows.Add(how, isConditional, false, false);
                    rows.Add(how, isConditional, true, false);
                    rows.Add(how, isConditional, true, true);
                }

                rows.Add(how, false, false, true);
            }

            return rows;
        }
    }

    public async Task InitializeAsync()
    {
        _store = await VersionedStore.StartAsync();
        _store.JudgesDeletes = true;
        _remote = await ScriptedRemote.StartAsync();
        _proxy = await OverlayHost.StartAsync(_store.Endpoint, _remote.Endpoint, _clock, [RemoteLimits.Connect, .. RemoteLimits.Far]);

        // By then the proxy knows what the store can do, and the bucket is there.
        _remote.Put("bucket", "warm", "remote"u8.ToArray());
        Assert.Equal(412, (await SendAsync("DELETE", "/bucket/warm", ("If-Match", "\"other\""))).Status);
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Deletes))]
    public async Task Repeated_it_succeeds_and_deleting_its_marker_undoes_it(
        string how, bool isConditional, bool isWritten, bool wasDeleted)
    {
        var etag = "";
        var runs = await SweepAsync(
            how,
            async run =>
            {
                etag = _remote.Put("bucket", $"{run}", "remote"u8.ToArray()).ETag;
                if (wasDeleted)
                {
                    Assert.Equal(204, (await SendAsync("DELETE", $"/bucket/{run}")).Status);
                }

                if (isWritten)
                {
                    etag = (await _clock.RunAsync(_proxy.SendAsync("PUT", $"/bucket/{run}", "mine"))).Headers["ETag"];
                }
            },
            run => SendAsync("DELETE", $"/bucket/{run}", isConditional ? [("If-Match", etag)] : []),
            async (run, at, told) =>
            {
                // What an attempt before has deleted is not there to be compared.
                Assert.True(told == 204 || (isConditional && told == 404), $"{at}: {told}");
                Assert.True(await ReadAsync(run) == "404", $"{at}: the key is not deleted.");
                await TakeMarkersAwayAsync(run, at, isWritten && wasDeleted ? 1 : 0);
                await TakeVersionsAwayAsync(run, at, isWritten ? "mine" : "remote");
            });
        Assert.True(runs >= 3, $"Only {runs} calls.");
    }

    /// <summary>
    /// The client gives up, or the proxy ends there. The key is unchanged or deleted. In either case, deleting versions by id uncovers the
    /// previous object, and finally the remote's.
    /// </summary>
    [Theory]
    [InlineData(Lost, false)]
    [InlineData(Cut, false)]
    [InlineData(Mute, false)]
    [InlineData(Dead, false)]
    [InlineData(Lost, true)]
    [InlineData(Cut, true)]
    [InlineData(Mute, true)]
    [InlineData(Dead, true)]
    public async Task A_conditional_one_that_ends_anywhere_is_done_or_not(string how, bool isWritten)
    {
        var (etag, notDone) = ("", 0);
        var before = isWritten ? "mine" : "remote";
        var runs = await SweepAsync(
            how,
            async run =>
            {
                etag = _remote.Put("bucket", $"{run}", "remote"u8.ToArray()).ETag;
                etag = isWritten ? (await _clock.RunAsync(_proxy.SendAsync("PUT", $"/bucket/{run}", "mine"))).Headers["ETag"] : etag;
            },
            run => SendAsync("DELETE", $"/bucket/{run}", ("If-Match", etag)),
            async (run, at, told) =>
            {
                var read = await ReadAsync(run);
                Assert.True(read == "404" || (told != 204 && read == before), $"{at}: {told}, and then {read}.");
                notDone += read == before ? 1 : 0;
                await TakeMarkersAwayAsync(run, at, 0);
                await TakeVersionsAwayAsync(run, at, before);
            },
            repeats: false);
        Assert.True(runs > 3 && notDone > 0, $"{runs} calls, of which {notDone} left the object.");
    }

    /// <summary>
    /// A marker whose tombstone an administrator has undeleted does not belong to a delete made while versioning is off: deleting that
    /// marker brings nothing back.
    /// </summary>
    [Fact]
    public async Task One_without_a_marker_is_not_named_by_one_of_an_earlier_delete()
    {
        var etag = _remote.Put("bucket", "key", "remote"u8.ToArray()).ETag;
        var older = (await SendAsync("DELETE", "/bucket/key")).Headers["x-amz-version-id"];
        Assert.Equal(200, (await SendAsync("POST", "/-/v1/discard?bucket=bucket&key=key")).Status);
        Assert.Equal("remote", await ReadAsync("key"));
        (_store.IsSuspended, _store.Now) = (true, _store.Now.AddSeconds(1));
        Assert.Equal(204, (await SendAsync("DELETE", "/bucket/key", ("If-Match", etag))).Status);
        Assert.Equal(404, (await SendAsync("DELETE", "/bucket/key", ("If-Match", etag))).Status);
        Assert.Equal(204, (await SendAsync("DELETE", $"/bucket/key?versionId={older}")).Status);
        Assert.Equal("404", await ReadAsync("key"));
    }

    [Theory]
    [InlineData(Lost, false)]
    [InlineData(Cut, false)]
    [InlineData(Mute, false)]
    [InlineData(Dead, false)]
    [InlineData(Lost, true)]
    [InlineData(Cut, true)]
    [InlineData(Mute, true)]
    [InlineData(Dead, true)]
    public async Task A_marker_that_is_deleted_again_shows_what_was_there_before(string how, bool hasOlder)
    {
        var marker = "";
        var runs = await SweepAsync(
            how,
            async run =>
            {
                _remote.Put("bucket", $"{run}", "remote"u8.ToArray());
                for (var i = 0; i < (hasOlder ? 2 : 1); i++)
                {
                    marker = (await SendAsync("DELETE", $"/bucket/{run}")).Headers["x-amz-version-id"];
                }
            },
            run => SendAsync("DELETE", $"/bucket/{run}?versionId={marker}"),
            async (run, at, told) =>
            {
                // Of a version that is gone, as of one that never was, it is said that it is not there (rule V2).
                Assert.True(told is 204 or 403, $"{at}: {told}");
                Assert.True(await ReadAsync(run) == (hasOlder ? "404" : "remote"), $"{at}: {await ReadAsync(run)}");
                await TakeMarkersAwayAsync(run, at, 0);
                Assert.True(await ReadAsync(run) == "remote", $"{at}: the remote's does not show.");
            });
        Assert.True(runs >= 3, $"Only {runs} calls.");
    }

    /// <summary>A client that gets a 503 and does not retry finds the object, and the delete leaves nothing behind (rule D4).</summary>
    [Theory]
    [InlineData(Lost, false)]
    [InlineData(Lost, true)]
    public async Task A_conditional_one_whose_tombstone_was_not_confirmed_leaves_none(string how, bool isWritten)
    {
        var etag = _remote.Put("bucket", "key", "remote"u8.ToArray()).ETag;
        etag = isWritten ? (await _clock.RunAsync(_proxy.SendAsync("PUT", "/bucket/key", "mine"))).Headers["ETag"] : etag;
        var failing = Fail(how, static call => call is { Method: "PUT" });
        Assert.Equal(503, (await SendAsync("DELETE", "/bucket/key", ("If-Match", etag))).Status);
        Assert.True(failing(), "No tombstone was put.");
        (_store.Before, _store.After) = (null, null);
        await UntilItRespondsAsync();
        Assert.Equal(isWritten ? "mine" : "remote", await ReadAsync("key"));
        foreach (var version in _store.VersionsOf("bucket", "key"))
        {
            Assert.Equal(204, (await SendAsync("DELETE", $"/bucket/key?versionId={version.Id}")).Status);
        }

        Assert.Equal("remote", await ReadAsync("key"));
    }

    /// <summary>Repeats the request, with one later call failing each time, until there are no more calls.</summary>
    /// <returns>How many there were.</returns>
    private async Task<int> SweepAsync(string how, Func<int, Task> prepare, Func<int, Task<RawResponse>> ask, Func<int, string, int,
        Task> check, bool repeats = true)
    {
        var late = 0;
        for (var step = 0; ; step++)
        {
            await prepare(step);
            var seen = 0;
            StoreCall? failed = null;
            var failing = Fail(how, call =>
            {
                var isIt = seen++ == step;
                failed = isIt ? call : failed;
                return isIt;
            });
            var response = await ask(step);
            (_store.Before, _store.After) = (null, null);
            if (!failing() && response.Status == 503)
            {
                // The clock moves while requests are waiting: on a busy machine a request may time out before it reaches its call.
                Assert.True(++late < 10, $"Before call {step} comes, the answer is {response.Status} {response.Code}.");
                step--;
                continue;
            }

            if (!failing())
            {
                Assert.True(response.Status is 204 or 404, $"Without a call {step} the answer is {response.Status} {response.Code}.");
                return step;
            }

            if (!repeats)
            {
                await UntilItRespondsAsync();
            }

            for (var i = 0; repeats && i < 30 && response.Status == 503; i++)
            {
                _clock.Advance(TimeSpan.FromSeconds(1));
                response = await ask(step);
            }

            await check(step, $"{how} {failed}", response.Status);
        }
    }

    /// <summary>Lets a call fail, and those that repeat it, or all that follow.</summary>
    /// <returns>Returns whether the call came.</returns>
    private Func<bool> Fail(string how, Func<StoreCall, bool> isIt)
    {
        var gate = new Lock();
        StoreCall? failing = null;
        Task Hook(StoreCall call)
        {
            call = call with { Status = 0 };

            // Two calls may come at once: what one of them has found to be the failing one is not to be lost to the other.
            lock (gate)
            {
                failing ??= isIt(call) ? call : null;
                return failing is not null && (how is Mute or Dead || failing == call) ? throw new IOException() : Task.CompletedTask;
            }
        }

        (_store.Before, _store.After) = how is Cut or Dead ? ((Func<StoreCall, Task>?)Hook, (Func<StoreCall, Task>?)null) : (null, Hook);
        return () =>
        {
            lock (gate)
            {
                return failing is not null;
            }
        };
    }

    /// <summary>Deletes the key's markers, the newest first, except for some of the oldest.</summary>
    private async Task TakeMarkersAwayAsync(object key, string at, int left)
    {
        foreach (var marker in _store.VersionsOf("bucket", $"{key}").Where(static version => version.Bytes is null).SkipLast(left))
        {
            var response = await SendAsync("DELETE", $"/bucket/{key}?versionId={marker.Id}");
            Assert.True(response.Status == 204, $"{at}: {response.Status} of {marker.Id}");
        }
    }

    /// <summary>The object of before shows; and once all its versions are deleted, the remote's.</summary>
    private async Task TakeVersionsAwayAsync(int run, string at, string before)
    {
        Assert.True(await ReadAsync(run) == before, $"{at}: what was there before does not show.");
        foreach (var version in _store.VersionsOf("bucket", $"{run}"))
        {
            Assert.Equal(204, (await SendAsync("DELETE", $"/bucket/{run}?versionId={version.Id}")).Status);
        }

        Assert.True(await ReadAsync(run) == "remote", $"{at}: the remote's does not show.");
    }

    /// <summary>A layer that was down is probed once a second.</summary>
    private async Task UntilItRespondsAsync()
    {
        for (var i = 0; i < 30 && (await SendAsync("GET", "/bucket/warm")).Status == 503; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private async Task<string> ReadAsync(object key)
    {
        var response = await SendAsync("GET", $"/bucket/{key}");
        return response.Status == 200 ? response.Text : $"{response.Status}";
    }

    private Task<RawResponse> SendAsync(string method, string target, params (string Name, string Value)[] headers) =>
        _clock.RunAsync(_proxy.SendAsync(method, target, null, headers));
}
