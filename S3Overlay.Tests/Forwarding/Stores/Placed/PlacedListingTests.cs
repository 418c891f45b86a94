using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores.Placed;

/// <summary>Listings of buckets that have copies among written objects.</summary>
public sealed class PlacedListingTests
{
    [Fact, Trait("Rule", "E4"), Trait("Rule", "L1")]
    public async Task Copies_are_listed_as_the_remotes_without_a_look_at_any()
    {
        await using var scene = await PlaceScene.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await scene.FillAsync($"a/{i}", $"remote {i}");
        }

        await scene.SendAsync("PUT", "/bucket/a/1", "mine");
        await scene.IdleAsync();
        await scene.Store.UntilAsync(() => scene.Calls().Contains("DELETE o"), "not forgotten");
        scene.Remote.Remove("bucket", "a/2");
        scene.Store.ForgetCalls();
        var rows = await scene.ListAsync();
        Assert.Equal(["a/0 8", "a/1 4", "a/3 8", "a/4 8", "other 5"], rows.Select(row => row[..row.LastIndexOf(' ')]));

        // What the write replaced is still being looked after; no other key is looked at.
        Assert.DoesNotContain(scene.Calls(), call => call.StartsWith("HEAD a", StringComparison.Ordinal) && call != "HEAD a/1");
        Assert.Equal(["other 5", "a/"], (await scene.ListAsync("&delimiter=/"))
            .Select(row => row.Contains(' ') ? row[..row.LastIndexOf(' ')] : row));
    }

    [Fact, Trait("Rule", "E4"), Trait("Rule", "T2")]
    public async Task A_copy_of_an_old_version_is_dropped_by_the_page_that_shows_the_new_one()
    {
        await using var scene = await PlaceScene.StartAsync();
        await scene.FillAsync("k", "old");
        scene.Remote.Put("bucket", "k", "newer"u8.ToArray());
        Assert.Equal("old", (await scene.SendAsync("GET", "/bucket/k")).Text);
        Assert.Contains(await scene.ListAsync(), row => row.StartsWith("k 5 ", StringComparison.Ordinal));
        Assert.Equal("newer", (await scene.SendAsync("GET", "/bucket/k")).Text);
    }

    [Fact, Trait("Rule", "E4"), Trait("Rule", "L1")]
    public async Task A_folder_of_copies_alone_shows_only_while_the_remote_shows_it()
    {
        await using var scene = await PlaceScene.StartAsync();
        await scene.FillAsync("gone/a");
        await scene.FillAsync("gone/b");
        await scene.FillAsync("mixed/a");
        await scene.FillAsync("there/a");
        scene.Remote.Remove("bucket", "gone/a");
        scene.Remote.Remove("bucket", "gone/b");
        scene.Remote.Remove("bucket", "mixed/a");
        await scene.SendAsync("PUT", "/bucket/mixed/b", "mine");
        Assert.Equal(["mixed/", "there/"], (await scene.ListAsync("&delimiter=/")).Where(row => !row.Contains(' ')));
        Assert.Equal(["mixed/"], await scene.ListAsync("&delimiter=/&max-keys=1"));
        await scene.SendAsync("DELETE", "/bucket/there/a");
        Assert.Equal(["mixed/"], (await scene.ListAsync("&delimiter=/")).Where(row => !row.Contains(' ')));
    }

    [Fact, Trait("Rule", "E4"), Trait("Rule", "T2")]
    public async Task A_drop_that_a_write_overtakes_at_any_instant_leaves_the_write()
    {
        await using var scene = await PlaceScene.StartAsync();
        var (number, waits, ends) = (0, 0, 0);
        for (var isAfter = 0; isAfter < 2; isAfter++)
        {
            for (var step = 0; ; step++)
            {
                var key = $"k{number++}";
                await scene.FillAsync(key, "old");
                scene.Remote.Put("bucket", key, "newer"u8.ToArray());
                var (seen, at) = (0, step);
                Task<RawAnswer>? write = null;
                async Task Hook(StoreCall call)
                {
                    if (Interlocked.Increment(ref seen) - 1 == at)
                    {
                        (scene.Store.Before, scene.Store.After) = (null, null);
                        write = scene.SendAsync("PUT", $"/bucket/{key}", "old");

                        // It has to wait for what is interrupted here where that is the taking away of the copy.
                        await Patience.UntilAsync(() => write.IsCompleted || scene.Waiting > 0, "The write neither ends nor waits.");
                        (waits, ends) = write.IsCompleted ? (waits, ends + 1) : (waits + 1, ends);
                    }
                }

                (scene.Store.Before, scene.Store.After) = (isAfter == 0 ? Hook : null, isAfter == 0 ? null : Hook);
                await scene.ListAsync($"&prefix={key}");
                (scene.Store.Before, scene.Store.After) = (null, null);
                if (write is null)
                {
                    break;
                }

                Assert.Equal(200, (await write).Status);
                var read = await scene.SendAsync("GET", $"/bucket/{key}");
                Assert.Equal(("old", "local"), (read.Text, read.Headers["x-s3overlay-layer"]));
            }
        }

        Assert.True(number > 10, $"{number}");
        Assert.True(waits > 0 && ends > 0, $"{waits} of {waits + ends} writes waited.");
    }
}
