using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores.Placed;

/// <summary>Writes and deletes of keys under which there is a copy.</summary>
public sealed class PlacedWriteTests
{
    [Fact, Trait("Rule", "E4"), Trait("Rule", "W2")]
    public async Task A_write_replaces_the_copy_and_a_listing_shows_it_even_where_the_bytes_are_the_same()
    {
        await using var scene = await PlaceScene.StartAsync();
        foreach (var body in (string[])["remote", "changed"])
        {
            await scene.FillAsync(body);
            Assert.Equal(200, (await scene.SendAsync("PUT", $"/bucket/{body}", body)).Status);
            scene.Remote.Remove("bucket", body);
            var rows = await scene.ListAsync();
            Assert.Contains(rows, row => row.StartsWith($"{body} {body.Length} ", StringComparison.Ordinal));
            var read = await scene.SendAsync("GET", $"/bucket/{body}");
            Assert.Equal((body, "local"), (read.Text, read.Headers["x-s3overlay-layer"]));
        }
    }

    [Fact, Trait("Rule", "E4"), Trait("Rule", "D1")]
    public async Task A_delete_takes_the_copy_and_one_that_is_left_under_a_tombstone_is_never_shown()
    {
        await using var scene = await PlaceScene.StartAsync();
        await scene.FillAsync("k");
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/bucket/k")).Status);
        Assert.Equal(404, (await scene.AskStoreAsync("HEAD", "/bucket/k")).Status);
        Assert.Equal(404, (await scene.SendAsync("GET", "/bucket/k")).Status);

        await scene.FillAsync("left");
        scene.Store.Before = call => call is { Method: "DELETE", Path: "/bucket/left" } ? throw new IOException() : Task.CompletedTask;
        Assert.NotEqual(204, (await scene.SendAsync("DELETE", "/bucket/left")).Status);
        scene.Store.Before = null;
        Assert.Equal(200, (await scene.AskStoreAsync("HEAD", "/bucket/left")).Status);
        Assert.Equal(404, (await scene.SendAsync("GET", "/bucket/left")).Status);
        Assert.Equal(404, (await scene.SendAsync("HEAD", "/bucket/left")).Status);
        Assert.Equal(["other 5 \"795f3202b17cb6bc3d4b771d8c6c9eaf\""], await scene.ListAsync());
        Assert.Equal(404, (await scene.SendAsync("PUT", "/bucket/left", "v", ("If-Match", "\"x\""))).Status);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/left", "v", ("If-None-Match", "*"))).Status);
        Assert.Equal(412, (await scene.SendAsync("PUT", "/bucket/left", "w", ("If-None-Match", "*"))).Status);
        Assert.Equal("v", (await scene.SendAsync("GET", "/bucket/left")).Text);
    }

    [Fact, Trait("Rule", "E4"), Trait("Rule", "W3")]
    public async Task Conditions_are_judged_by_what_the_copy_is_of()
    {
        await using var scene = await PlaceScene.StartAsync();
        scene.Remote.Put("bucket", "k", new ScriptedObject("remote"u8.ToArray(), "\"theirs-2\"", DateTimeOffset.UtcNow, []));
        await scene.SendAsync("GET", "/bucket/k");
        await scene.Store.UntilAsync(() => scene.Calls().Contains("DELETE o"), "not placed");
        await scene.IdleAsync();
        var stored = (await scene.AskStoreAsync("HEAD", "/bucket/k")).Headers["ETag"];
        Assert.Equal(412, (await scene.SendAsync("PUT", "/bucket/k", "v", ("If-None-Match", "*"))).Status);
        Assert.Equal(412, (await scene.SendAsync("PUT", "/bucket/k", "v", ("If-Match", stored))).Status);
        Assert.Equal(412, (await scene.SendAsync("DELETE", "/bucket/k", null, ("If-Match", stored))).Status);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/k", "v", ("If-Match", "\"theirs-2\""))).Status);
        Assert.Equal("v", (await scene.SendAsync("GET", "/bucket/k")).Text);
        Assert.Equal(412, (await scene.SendAsync("PUT", "/bucket/k", "w", ("If-Match", "\"theirs-2\""))).Status);
    }

    [Theory, Trait("Rule", "W3")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_many_conditional_writes_over_a_copy_one_succeeds(bool hasPlainWrite)
    {
        await using var scene = await PlaceScene.StartAsync();
        for (var round = 0; round < 5; round++)
        {
            var key = $"k{round}";
            await scene.FillAsync(key);
            var etag = (await scene.SendAsync("HEAD", $"/bucket/{key}")).Headers["ETag"];
            var writes = Enumerable.Range(0, 8).Select(i => scene.SendAsync("PUT", $"/bucket/{key}", $"by {i}", ("If-Match", etag)))
                .ToList();
            if (hasPlainWrite)
            {
                // The very bytes of the copy: the store could not tell them apart.
                Assert.Equal(200, (await scene.SendAsync("PUT", $"/bucket/{key}", "remote")).Status);
            }

            var answers = await Task.WhenAll(writes);
            Assert.All(answers, answer => Assert.True(answer.Status is 200 or 409 or 412, answer.Text));
            Assert.True(hasPlainWrite || answers.Count(answer => answer.Status == 200) == 1);
        }
    }

    [Fact, Trait("Rule", "E4")]
    public async Task Writes_that_are_refused_leave_nothing_in_memory()
    {
        await using var scene = await PlaceScene.StartAsync();
        for (var key = 0; key < 20; key++)
        {
            Assert.Equal(200, (await scene.SendAsync("PUT", $"/bucket/k{key}", "v")).Status);
        }

        await SettledAsync(scene);
        for (var key = 0; key < 20; key++)
        {
            Assert.Equal(412, (await scene.SendAsync("PUT", $"/bucket/k{key}", "w", ("If-None-Match", "*"))).Status);
        }

        Assert.Equal(0, scene.Unsettled);

        // Another proxy writes over the copy just before.
        await scene.FillAsync("taken");
        scene.Store.Before = async call =>
        {
            if (call is { Method: "PUT", Path: "/bucket/taken" })
            {
                scene.Store.Before = null;
                await scene.AskStoreAsync("PUT", "/bucket/taken", "theirs");
            }
        };
        var etag = (await scene.SendAsync("HEAD", "/bucket/taken")).Headers["ETag"];
        Assert.Equal(409, (await scene.SendAsync("PUT", "/bucket/taken", "mine", ("If-Match", etag))).Status);
        Assert.Equal(0, scene.Unsettled);

        // Of what a store answers that failed nobody knows.
        scene.Store.Refuse = request => request.Method == "PUT" ? 500 : null;
        Assert.Equal(500, (await scene.SendAsync("PUT", "/bucket/k0", "w")).Status);
        Assert.Equal(1, scene.Unsettled);
    }

    [Fact, Trait("Rule", "E4")]
    public async Task The_one_of_many_writes_that_is_not_refused_is_settled()
    {
        await using var scene = await PlaceScene.StartAsync();
        for (var key = 0; key < 5; key++)
        {
            var answers = await Task
                .WhenAll(Enumerable.Range(0, 8).Select(i => scene.SendAsync("PUT", $"/bucket/k{key}", $"{i}", ("If-None-Match", "*"))));
            Assert.Single(answers, answer => answer.Status == 200);
        }

        await SettledAsync(scene);
    }

    [Fact, Trait("Rule", "E4")]
    public async Task A_write_at_any_instant_of_a_fill_wins()
    {
        await using var scene = await PlaceScene.StartAsync();
        var last = -1;
        var runs = await StoreSteps.SweepAsync(
            scene.Store,
            run => ReadAsync(scene, run, () => last == run),
            async run =>
            {
                last = run;
                Assert.Equal(200, (await scene.SendAsync("PUT", $"/bucket/k{run}", "mine")).Status);
            },
            async run =>
            {
                await scene.IdleAsync();
                Assert.Equal("mine", (await scene.SendAsync("GET", $"/bucket/k{run}")).Text);
                Assert.Contains(await scene.ListAsync(), row => row.StartsWith($"k{run} 4 ", StringComparison.Ordinal));
            });
        Assert.True(runs > 10, $"{runs}");
    }

    [Fact, Trait("Rule", "E4"), Trait("Rule", "D1")]
    public async Task A_delete_at_any_instant_of_a_fill_stays()
    {
        await using var scene = await PlaceScene.StartAsync();
        var last = -1;
        await StoreSteps.SweepAsync(
            scene.Store,
            run => ReadAsync(scene, run, () => last == run),
            async run =>
            {
                last = run;
                Assert.Equal(204, (await scene.SendAsync("DELETE", $"/bucket/k{run}")).Status);
            },
            async run =>
            {
                await scene.IdleAsync();
                Assert.Equal(404, (await scene.SendAsync("GET", $"/bucket/k{run}")).Status);
                Assert.DoesNotContain(await scene.ListAsync(), row => row.StartsWith($"k{run} ", StringComparison.Ordinal));
            });
    }

    [Fact, Trait("Rule", "B4")]
    public async Task Deleting_a_bucket_takes_its_copies_along()
    {
        await using var scene = await PlaceScene.StartAsync();
        await scene.FillAsync("k");
        await scene.FillAsync("a/b");
        foreach (var key in (string[])["k", "a/b", "other"])
        {
            scene.Remote.Remove("bucket", key);
        }

        scene.Remote.Put("bucket", "there", "x"u8.ToArray());
        Assert.Equal(409, (await scene.SendAsync("DELETE", "/bucket")).Status);
        await scene.SendAsync("DELETE", "/bucket/there");
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/bucket")).Status);
        Assert.Equal(404, (await scene.AskStoreAsync("HEAD", "/bucket")).Status);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket")).Status);
        Assert.Equal(404, (await scene.SendAsync("GET", "/bucket/k")).Status);
        Assert.Empty(await scene.ListAsync());
    }

    /// <summary>Reads a key until its fill has come to an end, or something else has happened to it.</summary>
    private static async Task ReadAsync(PlaceScene scene, int run, Func<bool> isInterrupted)
    {
        scene.Remote.Put("bucket", $"k{run}", "remote"u8.ToArray());
        scene.Store.ForgetCalls();
        await scene.SendAsync("GET", $"/bucket/k{run}");
        await Patience.UntilAsync(() => isInterrupted() || scene.Calls().Any(call => call is "PUT o" or "PUT c"), "no fill");
        await scene.IdleAsync();
    }

    /// <summary>Finishes once nothing is left of writes: their clients do not wait for the cleaning.</summary>
    private static Task SettledAsync(PlaceScene scene) => Patience.UntilAsync(() => scene.Unsettled == 0, "Writes are not settled.");
}
