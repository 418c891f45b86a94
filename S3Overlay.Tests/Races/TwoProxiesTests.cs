using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// Two whole proxies over one store and one remote. What one does happens at each instant between two calls of what the other does, one instant a run.
/// </summary>
public sealed class TwoProxiesTests : IAsyncLifetime
{
    private readonly RawAnswer?[] _first = new RawAnswer?[1000];
    private readonly RawAnswer?[] _between = new RawAnswer?[1000];
    private StoreScene _scene = null!;
    private OverlayHost _a = null!;
    private OverlayHost _b = null!;

    public async Task InitializeAsync()
    {
        (string, string)[] settings = [("S3_OVERLAY_PROXIES", "2"), ("S3_OVERLAY_CACHE_ENABLED", "true")];
        _scene = await StoreScene.StartAsync(true, settings);
        _a = _scene.Proxy;
        _b = await _scene.AddProxyAsync(settings);
        _scene.Remote.Put("bucket", "any", "remote"u8.ToArray());
        foreach (var proxy in (OverlayHost[])[_a, _b])
        {
            await _scene.SendAsync(proxy, "PUT", "/bucket/warm", "v");
        }
    }

    public async Task DisposeAsync()
    {
        await _b.DisposeAsync();
        await _scene.DisposeAsync();
    }

    [Fact, Trait("Rule", "C3")]
    public async Task What_one_acknowledged_the_other_shows()
    {
        _scene.Remote.Put("bucket", "key", "remote"u8.ToArray());
        await AgreeAsync("key", "remote");
        await PutAsync(_a, "key", "of a");
        await AgreeAsync("key", "of a");
        await PutAsync(_b, "key", "of b");
        await AgreeAsync("key", "of b");
        await _scene.SendAsync(_a, "DELETE", "/bucket/key");
        await AgreeAsync("key", [null]);
        _scene.Remote.Put("bucket", "key", "again"u8.ToArray());
        await AgreeAsync("key", [null]);
        Assert.DoesNotContain("<Key>key</Key>", (await _scene.SendAsync(_b, "GET", "/bucket")).Text);
    }

    [Fact, Trait("Rule", "B4")]
    public async Task A_bucket_deleted_and_made_anew_is_so_for_the_other_within_a_second()
    {
        _scene.Remote.Put("other", "key", "remote"u8.ToArray());
        Assert.Equal("remote", (await _scene.SendAsync(_b, "GET", "/other/key")).Text);
        await _scene.SendAsync(_a, "DELETE", "/other/key");
        Assert.Equal(204, (await _scene.SendAsync(_a, "DELETE", "/other")).Status);
        _scene.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(404, (await _scene.SendAsync(_b, "HEAD", "/other")).Status);
        _scene.Remote.Put("other", "late", "remote"u8.ToArray());
        Assert.Equal(404, (await _scene.SendAsync(_b, "GET", "/other/late")).Status);
        Assert.Equal(404, (await _scene.SendAsync(_b, "PUT", "/other/mine", "v")).Status);
        Assert.Equal(200, (await _scene.SendAsync(_a, "PUT", "/other")).Status);
        _scene.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await _scene.SendAsync(_b, "PUT", "/other/mine", "v")).Status);
        Assert.Equal("v", (await _scene.SendAsync(_a, "GET", "/other/mine")).Text);
        Assert.Equal(404, (await _scene.SendAsync(_b, "GET", "/other/late")).Status);
    }

    [Fact, Trait("Rule", "C3")]
    public Task A_delete_during_a_fill() => SweepAsync(
        prepare: PutRemoteAsync,
        first: key => FillAsync(_a, key),
        between: key => _scene.SendAsync(_b, "DELETE", "/bucket/" + key),
        allowed: (_, deleted) => deleted.Status == 204 ? [null] : throw new InvalidOperationException(deleted.Text));

    [Fact, Trait("Rule", "C3")]
    public Task A_write_during_a_fill() => SweepAsync(
        prepare: PutRemoteAsync,
        first: key => FillAsync(_a, key),
        between: key => PutAsync(_b, key, "of b"),
        allowed: (_, put) => put.Status == 200 ? ["of b"] : throw new InvalidOperationException(put.Text));

    [Fact, Trait("Rule", "C1")]
    public Task Fills_on_both() => SweepAsync(
        prepare: PutRemoteAsync,
        first: key => FillAsync(_a, key),
        between: key => FillAsync(_b, key),
        allowed: (first, second) => (first.Text, second.Text) == ("remote", "remote") ? ["remote"] : []);

    [Fact, Trait("Rule", "D1")]
    public Task A_read_during_a_delete() => SweepAsync(
        prepare: PutRemoteAsync,
        first: key => _scene.SendAsync(_a, "DELETE", "/bucket/" + key),
        between: key => FillAsync(_b, key),
        allowed: (_, read) => read.Status == 404 || read.Text == "remote" ? [null] : []);

    [Fact, Trait("Rule", "D1")]
    public Task A_read_during_the_delete_of_what_was_written() => SweepAsync(
        prepare: PutBothAsync,
        first: key => _scene.SendAsync(_a, "DELETE", "/bucket/" + key),
        between: key => FillAsync(_b, key),
        allowed: (_, read) => read.Status == 404 || read.Text == "mine" ? [null] : []);

    [Fact, Trait("Rule", "D1")]
    public Task A_write_during_a_delete() => SweepAsync(
        prepare: PutRemoteAsync,
        first: key => _scene.SendAsync(_a, "DELETE", "/bucket/" + key),
        between: key => PutAsync(_b, key, "of b"),
        allowed: (_, _) => ["of b", null]);

    [Fact, Trait("Rule", "D1")]
    public Task A_delete_during_a_write() => SweepAsync(
        prepare: PutRemoteAsync,
        first: key => PutAsync(_a, key, "of a"),
        between: key => _scene.SendAsync(_b, "DELETE", "/bucket/" + key),
        allowed: (_, _) => ["of a", null]);

    [Fact, Trait("Rule", "W4")]
    public Task A_delete_of_the_target_during_a_copy() => SweepAsync(
        prepare: PutRemoteAsync,
        first: key => _scene.SendAsync(_a, "PUT", "/bucket/" + key, null, ("x-amz-copy-source", "/bucket/any"), ("x-amz-metadata-directive", "REPLACE"), ("x-amz-meta-copy", "1")),
        between: key => _scene.SendAsync(_b, "DELETE", "/bucket/" + key),
        allowed: (_, _) => ["remote", null],
        check: async key =>
        {
            // The remote's own has the same bytes: what tells it from the copy is metadata.
            var read = await _scene.SendAsync(_b, "GET", "/bucket/" + key);
            Assert.True(read.Status == 404 || read.Headers.ContainsKey("x-amz-meta-copy"), "The remote's object shows.");
        });

    [Theory, Trait("Rule", "W3")]
    [InlineData(false)]
    [InlineData(true)]
    public Task Two_writes_of_a_new_key(bool isRead) => SweepAsync(
        prepare: _ => Task.CompletedTask,
        first: async key =>
        {
            if (isRead)
            {
                await FillAsync(_a, key);
            }

            return await PutAsync(_a, key, "of a", ("If-None-Match", "*"));
        },
        between: key => PutAsync(_b, key, "of b", ("If-None-Match", "*")),
        allowed: OneWinner);

    [Fact, Trait("Rule", "W3")]
    public Task Two_writes_on_the_remotes_version()
    {
        var etag = "";
        return SweepAsync(
            prepare: key =>
            {
                etag = _scene.Remote.Put("bucket", key, "remote"u8.ToArray()).ETag;
                return Task.CompletedTask;
            },
            first: key => PutAsync(_a, key, "of a", ("If-Match", etag)),
            between: key => PutAsync(_b, key, "of b", ("If-Match", etag)),
            allowed: OneWinner);
    }

    [Fact, Trait("Rule", "W3")]
    public async Task Two_writes_on_a_written_version()
    {
        var etag = (await PutAsync(_a, "same", "before")).Headers["ETag"];
        await SweepAsync(
            prepare: key => PutAsync(_a, key, "before"),
            first: key => PutAsync(_a, key, "of a", ("If-Match", etag)),
            between: key => PutAsync(_b, key, "of b", ("If-Match", etag)),
            allowed: OneWinner);
    }

    [Fact, Trait("Rule", "T2")]
    public async Task A_listing_never_shows_the_remotes_row_of_a_key_that_was_written_and_is_being_deleted()
    {
        foreach (var listsFirst in (bool[])[true, false])
        {
            string? seen = null;
            await SweepAsync(
                prepare: PutBothAsync,
                first: key => listsFirst ? ListAsync(key) : _scene.SendAsync(_a, "DELETE", "/bucket/" + key),
                between: key => listsFirst ? _scene.SendAsync(_a, "DELETE", "/bucket/" + key) : ListAsync(key),
                allowed: (_, _) => ["mine", null],
                check: _ =>
                {
                    Assert.NotNull(seen);
                    Assert.DoesNotContain($"<Size>{"remote".Length}</Size>", seen);
                    return Task.CompletedTask;
                });

            async Task<RawAnswer> ListAsync(string key)
            {
                var page = await _scene.SendAsync(_b, "GET", $"/bucket?list-type=2&prefix={key}");
                seen = page.Text;
                return page;
            }
        }
    }

    [Fact, Trait("Rule", "B4")]
    public async Task A_write_while_its_bucket_is_deleted_is_kept_or_refused()
    {
        var runs = await StoreSteps.SweepAsync(
            _scene.Store,
            async run => _first[run] = await _scene.SendAsync(_a, "DELETE", $"/bucket{run}"),
            async run => _between[run] = await _scene.SendAsync(_b, "PUT", $"/bucket{run}/key", "of b"),
            async run =>
            {
                _scene.Clock.Advance(TimeSpan.FromSeconds(2));
                foreach (var proxy in (OverlayHost[])[_a, _b])
                {
                    var read = await _scene.SendAsync(proxy, "GET", $"/bucket{run}/key");
                    Assert.Equal(_between[run]!.Status == 200 ? "of b" : "", read.Status == 200 ? read.Text : "");
                    Assert.Equal(404, (await _scene.SendAsync(proxy, "GET", $"/bucket{run}/gone")).Status);
                }

                Assert.True(_first[run]!.Status is 204 or 409 or 503, _first[run]!.Text);
                Assert.True(_between[run]!.Status is 200 or 404 or 503, _between[run]!.Text);
            },
            async run =>
            {
                _scene.Remote.Put($"bucket{run}", "gone", "remote"u8.ToArray());
                Assert.Equal(204, (await _scene.SendAsync(_a, "DELETE", $"/bucket{run}/gone")).Status);
                Assert.Equal(200, (await _scene.SendAsync(_b, "HEAD", $"/bucket{run}")).Status);
            });
        Assert.True(runs > 4);
    }

    private static string?[] OneWinner(RawAnswer a, RawAnswer b) => (a.Status, b.Status) switch
    {
        (200, 412 or 409) => ["of a"],
        (412 or 409, 200) => ["of b"],
        _ => [],
    };

    private Task PutRemoteAsync(string key)
    {
        _scene.Remote.Put("bucket", key, "remote"u8.ToArray());
        return Task.CompletedTask;
    }

    private async Task PutBothAsync(string key)
    {
        await PutRemoteAsync(key);
        Assert.Equal(200, (await PutAsync(_a, key, "mine")).Status);
    }

    private Task<RawAnswer> PutAsync(OverlayHost proxy, string key, string body, params (string Name, string Value)[] headers) =>
        _scene.SendAsync(proxy, "PUT", "/bucket/" + key, body, headers);

    private async Task<RawAnswer> FillAsync(OverlayHost proxy, string key)
    {
        var answer = await _scene.SendAsync(proxy, "GET", "/bucket/" + key);
        await proxy.WhenIdleAsync();
        return answer;
    }

    /// <summary>Both show the same.</summary>
    private async Task<string?> AgreeAsync(string key, params string?[] allowed)
    {
        var a = await FillAsync(_a, key);
        var b = await FillAsync(_b, key);
        Assert.Equal((a.Status, a.Text.Length > 0 && a.Status != 404 ? a.Text : ""), (b.Status, b.Text.Length > 0 && b.Status != 404 ? b.Text : ""));
        var seen = a.Status == 404 ? null : a.Text;
        Assert.Contains(seen, allowed);
        return seen;
    }

    private async Task SweepAsync(
        Func<string, Task> prepare, Func<string, Task<RawAnswer>> first, Func<string, Task<RawAnswer>> between, Func<RawAnswer, RawAnswer, string?[]> allowed,
        Func<string, Task>? check = null)
    {
        var serial = Guid.NewGuid().ToString("n")[..4];
        var runs = await StoreSteps.SweepAsync(
            _scene.Store,
            async run => _first[run] = await first($"{serial}-{run}"),
            async run => _between[run] = await between($"{serial}-{run}"),
            async run =>
            {
                Assert.NotNull(_between[run]);
                await AgreeAsync($"{serial}-{run}", allowed(_first[run]!, _between[run]!));
                await (check?.Invoke($"{serial}-{run}") ?? Task.CompletedTask);
                _between[run] = null;
            },
            run => prepare($"{serial}-{run}"));
        Assert.True(runs > 3);
    }
}
