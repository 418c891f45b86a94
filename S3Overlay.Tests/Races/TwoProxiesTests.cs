using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// Two whole proxies over one store and one remote. What one does happens at each instant between two calls of what the other does, one
/// instant a run.
/// </summary>
public sealed class TwoProxiesTests : TwoProxyTestBase
{
    private readonly RawResponse?[] _first = new RawResponse?[1000];
    private readonly RawResponse?[] _between = new RawResponse?[1000];
    [Fact, Trait("Rule", "C3")]
    public async Task What_one_acknowledged_the_other_shows()
    {
        Scene.Remote.Put("bucket", "key", "remote"u8.ToArray());
        await AgreeAsync("key", "remote");
        await PutAsync(A, "key", "of a");
        await AgreeAsync("key", "of a");
        await PutAsync(B, "key", "of b");
        await AgreeAsync("key", "of b");
        await Scene.SendAsync(A, "DELETE", "/bucket/key");
        await AgreeAsync("key", [null]);
        Scene.Remote.Put("bucket", "key", "again"u8.ToArray());
        await AgreeAsync("key", [null]);
        Assert.DoesNotContain("<Key>key</Key>", (await Scene.SendAsync(B, "GET", "/bucket")).Text);
    }

    [Fact, Trait("Rule", "B4")]
    public async Task A_bucket_that_is_deleted_and_recreated_shows_at_the_other_within_a_second()
    {
        Scene.Remote.Put("other", "key", "remote"u8.ToArray());
        Assert.Equal("remote", (await Scene.SendAsync(B, "GET", "/other/key")).Text);
        await Scene.SendAsync(A, "DELETE", "/other/key");
        Assert.Equal(204, (await Scene.SendAsync(A, "DELETE", "/other")).Status);
        Scene.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(404, (await Scene.SendAsync(B, "HEAD", "/other")).Status);
        Scene.Remote.Put("other", "late", "remote"u8.ToArray());
        Assert.Equal(404, (await Scene.SendAsync(B, "GET", "/other/late")).Status);
        Assert.Equal(404, (await Scene.SendAsync(B, "PUT", "/other/mine", "v")).Status);
        Assert.Equal(200, (await Scene.SendAsync(A, "PUT", "/other")).Status);
        Scene.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await Scene.SendAsync(B, "PUT", "/other/mine", "v")).Status);
        Assert.Equal("v", (await Scene.SendAsync(A, "GET", "/other/mine")).Text);
        Assert.Equal(404, (await Scene.SendAsync(B, "GET", "/other/late")).Status);
    }

    /// <summary>The clock does not move, so a proxy forgets nothing.</summary>
    [Fact, Trait("Rule", "B1"), Trait("Rule", "W6")]
    public async Task A_bucket_that_one_makes_is_there_for_the_other_at_once()
    {
        foreach (var (method, target, body) in ((string, string, string?)[])[
            ("HEAD", "/fresh1", null), ("GET", "/fresh2?list-type=2", null), ("PUT", "/fresh3/key", "v"), ("GET", "/fresh4/key", null)])
        {
            var bucket = target.Split('/', '?')[1];
            Assert.Equal(404, (await Scene.SendAsync(B, method, target, body)).Status);
            Assert.Equal(200, (await Scene.SendAsync(A, "PUT", "/" + bucket)).Status);
            Assert.Equal(200, (await Scene.SendAsync(A, "PUT", $"/{bucket}/key", "v")).Status);
            Assert.Equal(200, (await Scene.SendAsync(B, method, target, body)).Status);
        }

        Scene.Remote.Put("below", "any", "remote"u8.ToArray());
        Assert.Equal(200, (await Scene.SendAsync(B, "GET", "/below/any")).Status);
        var upload = (await Scene.SendAsync(A, "POST", "/below/up?uploads")).Text.Split("<UploadId>")[1].Split('<')[0];
        Assert.Equal(200, (await Scene.SendAsync(B, "PUT", $"/below/up?partNumber=1&uploadId={upload}", "v")).Status);
    }

    [Fact, Trait("Rule", "C3")]
    public Task A_delete_during_a_fill() => SweepAsync(
        prepare: PutRemoteAsync,
        first: key => FillAsync(A, key),
        between: key => Scene.SendAsync(B, "DELETE", "/bucket/" + key),
        allowed: (_, deleted) => deleted.Status == 204 ? [null] : throw new InvalidOperationException(deleted.Text));

    [Fact, Trait("Rule", "C3")]
    public Task A_write_during_a_fill() => SweepAsync(
        prepare: PutRemoteAsync,
        first: key => FillAsync(A, key),
        between: key => PutAsync(B, key, "of b"),
        allowed: (_, put) => put.Status == 200 ? ["of b"] : throw new InvalidOperationException(put.Text));

    [Fact, Trait("Rule", "C1")]
    public Task Fills_on_both() => SweepAsync(
        prepare: PutRemoteAsync,
        first: key => FillAsync(A, key),
        between: key => FillAsync(B, key),
        allowed: (first, second) => (first.Text, second.Text) == ("remote", "remote") ? ["remote"] : []);

    [Fact, Trait("Rule", "D1")]
    public Task A_read_during_a_delete() => SweepAsync(
        prepare: PutRemoteAsync,
        first: key => Scene.SendAsync(A, "DELETE", "/bucket/" + key),
        between: key => FillAsync(B, key),
        allowed: (_, read) => read.Status == 404 || read.Text == "remote" ? [null] : []);

    [Fact, Trait("Rule", "D1")]
    public Task A_read_during_the_delete_of_what_was_written() => SweepAsync(
        prepare: PutBothAsync,
        first: key => Scene.SendAsync(A, "DELETE", "/bucket/" + key),
        between: key => FillAsync(B, key),
        allowed: (_, read) => read.Status == 404 || read.Text == "mine" ? [null] : []);

    [Fact, Trait("Rule", "D1")]
    public Task A_write_during_a_delete() => SweepAsync(
        prepare: PutRemoteAsync,
        first: key => Scene.SendAsync(A, "DELETE", "/bucket/" + key),
        between: key => PutAsync(B, key, "of b"),
        allowed: (_, _) => ["of b", null]);

    [Fact, Trait("Rule", "D1")]
    public Task A_delete_during_a_write() => SweepAsync(
        prepare: PutRemoteAsync,
        first: key => PutAsync(A, key, "of a"),
        between: key => Scene.SendAsync(B, "DELETE", "/bucket/" + key),
        allowed: (_, _) => ["of a", null]);

    [Fact, Trait("Rule", "W4")]
    public Task A_delete_of_the_target_during_a_copy() => SweepAsync(
        prepare: PutRemoteAsync,
        first: key => Scene.SendAsync(A, "PUT", "/bucket/" + key, null, ("x-amz-copy-source", "/bucket/any"),
            ("x-amz-metadata-directive", "REPLACE"), ("x-amz-meta-copy", "1")),
        between: key => Scene.SendAsync(B, "DELETE", "/bucket/" + key),
        allowed: (_, _) => ["remote", null],
        check: async key =>
        {
            // The remote's own object has the same bytes. Only the metadata distinguishes it from the copy.
            var read = await Scene.SendAsync(B, "GET", "/bucket/" + key);
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
                await FillAsync(A, key);
            }

            return await PutAsync(A, key, "of a", ("If-None-Match", "*"));
        },
        between: key => PutAsync(B, key, "of b", ("If-None-Match", "*")),
        allowed: OneWinner);

    [Fact, Trait("Rule", "W3")]
    public Task Two_writes_on_the_remotes_version()
    {
        var etag = "";
        return SweepAsync(
            prepare: key =>
            {
                etag = Scene.Remote.Put("bucket", key, "remote"u8.ToArray()).ETag;
                return Task.CompletedTask;
            },
            first: key => PutAsync(A, key, "of a", ("If-Match", etag)),
            between: key => PutAsync(B, key, "of b", ("If-Match", etag)),
            allowed: OneWinner);
    }

    [Fact, Trait("Rule", "W3")]
    public async Task Two_writes_on_a_written_version()
    {
        var etag = (await PutAsync(A, "same", "before")).Headers["ETag"];
        await SweepAsync(
            prepare: key => PutAsync(A, key, "before"),
            first: key => PutAsync(A, key, "of a", ("If-Match", etag)),
            between: key => PutAsync(B, key, "of b", ("If-Match", etag)),
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
                first: key => listsFirst ? ListAsync(key) : Scene.SendAsync(A, "DELETE", "/bucket/" + key),
                between: key => listsFirst ? Scene.SendAsync(A, "DELETE", "/bucket/" + key) : ListAsync(key),
                allowed: (_, _) => ["mine", null],
                check: _ =>
                {
                    Assert.NotNull(seen);
                    Assert.DoesNotContain($"<Size>{"remote".Length}</Size>", seen);
                    return Task.CompletedTask;
                });

            async Task<RawResponse> ListAsync(string key)
            {
                var page = await Scene.SendAsync(B, "GET", $"/bucket?list-type=2&prefix={key}");
                seen = page.Text;
                return page;
            }
        }
    }

    [Fact, Trait("Rule", "B4")]
    public async Task A_write_while_its_bucket_is_deleted_is_kept_or_refused()
    {
        var runs = await StoreSteps.SweepAsync(
            Scene.Store,
            async run => _first[run] = await Scene.SendAsync(A, "DELETE", $"/bucket{run}"),
            async run => _between[run] = await Scene.SendAsync(B, "PUT", $"/bucket{run}/key", "of b"),
            async run =>
            {
                Scene.Clock.Advance(TimeSpan.FromSeconds(2));
                foreach (var proxy in (OverlayHost[])[A, B])
                {
                    var read = await Scene.SendAsync(proxy, "GET", $"/bucket{run}/key");
                    Assert.Equal(_between[run]!.Status == 200 ? "of b" : "", read.Status == 200 ? read.Text : "");
                    Assert.Equal(404, (await Scene.SendAsync(proxy, "GET", $"/bucket{run}/gone")).Status);
                }

                Assert.True(_first[run]!.Status is 204 or 409 or 503, _first[run]!.Text);
                Assert.True(_between[run]!.Status is 200 or 404 or 503, _between[run]!.Text);
            },
            async run =>
            {
                Scene.Remote.Put($"bucket{run}", "gone", "remote"u8.ToArray());
                Assert.Equal(204, (await Scene.SendAsync(A, "DELETE", $"/bucket{run}/gone")).Status);
                Assert.Equal(200, (await Scene.SendAsync(B, "HEAD", $"/bucket{run}")).Status);
                await RestAsync();
            });
        Assert.True(runs > 4);
    }

    private static string?[] OneWinner(RawResponse a, RawResponse b) => (a.Status, b.Status) switch
    {
        (200, 412 or 409) => ["of a"],
        (412 or 409, 200) => ["of b"],
        _ => [],
    };

    private Task PutRemoteAsync(string key)
    {
        Scene.Remote.Put("bucket", key, "remote"u8.ToArray());
        return Task.CompletedTask;
    }

    private async Task PutBothAsync(string key)
    {
        await PutRemoteAsync(key);
        Assert.Equal(200, (await PutAsync(A, key, "mine")).Status);
    }

    private Task<RawResponse> PutAsync(OverlayHost proxy, string key, string body, params (string Name, string Value)[] headers) =>
        Scene.SendAsync(proxy, "PUT", "/bucket/" + key, body, headers);

    private async Task<RawResponse> FillAsync(OverlayHost proxy, string key)
    {
        var response = await Scene.SendAsync(proxy, "GET", "/bucket/" + key);
        await proxy.WhenIdleAsync();
        return response;
    }

    /// <summary>Both show the same.</summary>
    private async Task<string?> AgreeAsync(string key, params string?[] allowed)
    {
        var a = await FillAsync(A, key);
        var b = await FillAsync(B, key);
        Assert.Equal((a.Status, a.Text.Length > 0 && a.Status != 404 ? a.Text : ""),
            (b.Status, b.Text.Length > 0 && b.Status != 404 ? b.Text : ""));
        var seen = a.Status == 404 ? null : a.Text;
        Assert.Contains(seen, allowed);
        return seen;
    }

    private async Task SweepAsync(
        Func<string, Task> prepare, Func<string, Task<RawResponse>> first, Func<string, Task<RawResponse>> between,
        Func<RawResponse, RawResponse, string?[]> allowed, Func<string, Task>? check = null)
    {
        var serial = Guid.NewGuid().ToString("n")[..4];
        var runs = await StoreSteps.SweepAsync(
            Scene.Store,
            async run => _first[run] = await first($"{serial}-{run}"),
            async run => _between[run] = await between($"{serial}-{run}"),
            async run =>
            {
                Assert.NotNull(_between[run]);
                await AgreeAsync($"{serial}-{run}", allowed(_first[run]!, _between[run]!));
                await (check?.Invoke($"{serial}-{run}") ?? Task.CompletedTask);
                _between[run] = null;
            },
            async run =>
            {
                await prepare($"{serial}-{run}");
                await RestAsync();
            });
        Assert.True(runs > 3);
    }
}
