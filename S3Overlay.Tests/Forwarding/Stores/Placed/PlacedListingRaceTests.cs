using System.Security.Cryptography;
using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores.Placed;

/// <summary>
/// Copies that come and go while a listing reads the bucket in which they stand: none is ever shown as an object that a client wrote.
/// </summary>
public sealed class PlacedListingRaceTests
{
    private const string Theirs = "\"theirs-2\"";
    private const string Newer = "\"newer-2\"";
    private const string Mine = "mine";

    [Theory, Trait("Rule", "D1"), Trait("Rule", "E4"), Trait("Rule", "T2")]
    [InlineData("")]
    [InlineData("&delimiter=/")]
    public async Task A_copy_that_is_put_after_its_key_was_deleted_is_not_listed_while_it_is_taken_away(string query)
    {
        await using var scene = await PlaceScene.StartAsync();
        scene.Remote.Put("bucket", "d/k", "remote"u8.ToArray());
        var (put, mayPut, looked, mayLook) = (Signal(), Signal(), Signal(), Signal());
        var looks = 0;
        scene.Store.Before = async call =>
        {
            if (call is { Method: "PUT", Path: "/bucket/d/k" })
            {
                put.TrySetResult();
                await mayPut.Task;
            }
            else if (mayPut.Task.IsCompleted && call is { Method: "HEAD", Path: "/bucket/d/k" })
            {
                switch (++looks)
                {
                    case 1:
                        looked.TrySetResult();
                        await mayLook.Task;
                        break;
                    case 2:
                        // The listing's: until it comes there, the fill has found that its key was deleted.
                        mayLook.TrySetResult();
                        await scene.IdleAsync();
                        break;
                }
            }
        };
        Assert.Equal("remote", (await scene.SendAsync("GET", "/bucket/d/k")).Text);
        await put.Task;
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/bucket/d/k")).Status);
        mayPut.SetResult();
        await looked.Task;
        var rows = await scene.ListAsync(query);
        mayLook.TrySetResult();
        await scene.IdleAsync();
        Assert.True(looks > 1, "The listing did not look.");
        Assert.Equal(["other"], rows.Select(row => row.Split(' ')[0]));
        Assert.Equal(404, (await scene.SendAsync("HEAD", "/bucket/d/k")).Status);
    }

    [Theory, Trait("Rule", "E4"), Trait("Rule", "T2")]
    [InlineData("list-type=2", "drop", Theirs)]
    [InlineData("list-type=2", "drop, read", Theirs)]
    [InlineData("list-type=2", "drop, change, read", Theirs + Newer)]
    [InlineData("list-type=2", "drop, write", Theirs + Mine)]
    [InlineData("list-type=2", "delete", Theirs + "-")]
    [InlineData("list-type=2", "write, delete", Theirs + Mine + "-")]
    [InlineData("list-type=2", "lose, drop", Theirs + "-")]
    [InlineData("versions", "drop", Theirs)]
    [InlineData("versions", "delete", Theirs + "-")]
    public async Task A_copy_that_goes_at_any_instant_is_listed_as_the_remotes_or_not_at_all(
        string question, string meanwhile, string allowed)
    {
        await using var scene = await PlaceScene.StartAsync();
        var seen = "";
        var runs = await StoreSteps.SweepAsync(
            scene.Store,
            async run => seen = (await scene.SendAsync("GET", $"/bucket?{question}&prefix=k{run}/")).Text,
            run => StepsAsync(scene, $"k{run}/k", meanwhile),
            _ =>
            {
                AssertShown(seen, allowed);
                return Task.CompletedTask;
            },
            run => FillAsync(scene, $"k{run}/k"));
        Assert.True(runs > 5, $"Only {runs} instants.");
    }

    [Fact, Trait("Rule", "E4"), Trait("Rule", "L1")]
    public async Task A_folder_of_copies_that_go_at_any_instant_is_not_shown_where_the_remote_has_it_no_more()
    {
        await using var scene = await PlaceScene.StartAsync();
        var seen = "";
        await StoreSteps.SweepAsync(
            scene.Store,
            async run => seen = (await scene.SendAsync("GET", $"/bucket?list-type=2&delimiter=/&prefix=k{run}/")).Text,
            run => StepsAsync(scene, $"k{run}/d/k", "drop"),
            _ =>
            {
                Assert.Contains("<IsTruncated>false</IsTruncated>", seen, StringComparison.Ordinal);
                Assert.DoesNotContain("<CommonPrefixes>", seen, StringComparison.Ordinal);
                return Task.CompletedTask;
            },
            async run =>
            {
                await FillAsync(scene, $"k{run}/d/k");
                scene.Remote.Remove("bucket", $"k{run}/d/k");
            });
    }

    [Fact, Trait("Rule", "D1"), Trait("Rule", "T2")]
    public async Task A_written_key_that_is_deleted_before_the_listing_looks_at_it_does_not_show_the_remotes_row()
    {
        await using var scene = await PlaceScene.StartAsync();
        var (seen, looks) = ("", 0);
        var runs = await StoreSteps.SweepAsync(
            scene.Store,
            async run =>
            {
                scene.Store.ForgetCalls();
                seen = (await scene.SendAsync("GET", $"/bucket?list-type=2&prefix=k{run}/")).Text;
                looks += scene.Store.Calls.Any(call => call.Method == "HEAD" && call.Path == $"/bucket/k{run}/k") ? 1 : 0;
            },
            run => StepsAsync(scene, $"k{run}/k", "delete"),
            run =>
            {
                Assert.Contains($"<Key>k{run}/a</Key>", seen, StringComparison.Ordinal);
                Assert.DoesNotContain(Theirs.Trim('"'), seen, StringComparison.Ordinal);
                return Task.CompletedTask;
            },
            async run =>
            {
                // The key before it makes the listing read tombstones before it looks.
                await StepsAsync(scene, $"k{run}/a", "write");
                await FillAsync(scene, $"k{run}/k");

                // The copy's row stays, so that what was written in its place, the very same bytes, has to be looked at.
                scene.Store.Refuse = request => request.Method == "DELETE"
                    && request.Path.StartsWithSegments("/s3-overlay-cache/o", StringComparison.Ordinal) ? 403 : null;
                Assert.Equal(200, (await scene.SendAsync("PUT", $"/bucket/k{run}/k", "remote")).Status);
                await scene.IdleAsync();
                scene.Store.Refuse = null;
            });
        Assert.True(runs > 5 && looks > 5, $"{looks} looks in {runs} runs.");
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The remote's ETag is another than the store gives the same bytes, so that it tells whose row is shown.</summary>
    private static async Task FillAsync(PlaceScene scene, string key)
    {
        scene.Remote.Put("bucket", key, new ScriptedObject("remote"u8.ToArray(), Theirs, DateTimeOffset.UtcNow, []));
        await scene.FillAsync(scene.Proxy, key, "remote");
    }

    private static void AssertShown(string seen, string allowed)
    {
        Assert.Contains("<IsTruncated>false</IsTruncated>", seen, StringComparison.Ordinal);
        var at = seen.IndexOf("<ETag>", StringComparison.Ordinal);
        var etag = at < 0 ? "-" : seen[(at + "<ETag>".Length)..seen.IndexOf("</ETag>", StringComparison.Ordinal)]
            .Replace("&quot;", "\"", StringComparison.Ordinal);
        var written = $"\"{Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(Mine)))}\"";
        Assert.Contains(etag == written ? Mine : etag, allowed, StringComparison.Ordinal);
    }

    private static async Task StepsAsync(PlaceScene scene, string key, string steps)
    {
        foreach (var step in steps.Split(", "))
        {
            switch (step)
            {
                case "lose":
                    scene.Remote.Remove("bucket", key);
                    break;
                case "change":
                    scene.Remote.Put("bucket", key, new ScriptedObject("newer"u8.ToArray(), Newer, DateTimeOffset.UtcNow, []));
                    break;
                case "drop":
                    Assert.Equal(200, (await scene.SendAsync("POST", $"/-/v1/drop?bucket=bucket&key={Uri.EscapeDataString(key)}")).Status);
                    break;
                case "write":
                    Assert.Equal(200, (await scene.SendAsync("PUT", $"/bucket/{key}", Mine)).Status);
                    break;
                case "delete":
                    Assert.Equal(204, (await scene.SendAsync("DELETE", $"/bucket/{key}")).Status);
                    break;
                default:
                    Assert.Equal(200, (await scene.SendAsync("GET", $"/bucket/{key}")).Status);
                    break;
            }

            await scene.IdleAsync();
        }
    }
}
