using System.Text.Json;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// Administrators undelete while clients write and delete, through two whole proxies over one store. Each run interleaves the two at one
/// instant between two calls.
/// </summary>
[Trait("Rule", "A5")]
public sealed class UndeleteRaceTests : TwoProxyTestBase
{
    [Fact, Trait("Rule", "D1")]
    public async Task An_undelete_while_another_proxy_deletes_a_written_object()
    {
        var discarded = 0;
        string? seenAfter = null;
        var runs = await SweepAsync(
            prepare: PutBothAsync,
            first: key => DeleteAsync(A, key),
            between: async key =>
            {
                discarded = await UndeleteAsync(B, key);
                seenAfter = await SeenAsync(B, key);
            },

            // A client that still saw the object after the undelete sees the delete follow it, and that hides the remote's object.
            allowed: () => seenAfter == "mine" ? [null] : discarded > 0 ? ["remote"] : [null]);
        Assert.True(runs > 4);
    }

    [Fact, Trait("Rule", "D1")]
    public Task An_undelete_while_another_proxy_deletes_a_remote_object() => SweepAsync(
        prepare: PutRemoteAsync,
        first: key => DeleteAsync(A, key),
        between: key => UndeleteAsync(B, key),
        allowed: () => [null, "remote"]);

    [Fact, Trait("Rule", "D1")]
    public async Task A_delete_while_another_proxy_undeletes_an_older_one()
    {
        string? seenAfter = null;
        await SweepAsync(
            prepare: PutDeletedAsync,
            first: key => UndeleteAsync(A, key),
            between: async key =>
            {
                await DeleteAsync(B, key);
                seenAfter = await SeenAsync(B, key);
            },
            allowed: () => [null, "remote"]);
        Assert.Null(seenAfter);
    }

    [Fact, Trait("Rule", "W1")]
    public Task A_write_while_another_proxy_undeletes() => SweepAsync(
        prepare: PutDeletedAsync,
        first: key => UndeleteAsync(A, key),
        between: key => PutAsync(B, key, "of b"),
        allowed: () => ["of b"]);

    [Fact, Trait("Rule", "W1")]
    public Task An_undelete_while_another_proxy_writes() => SweepAsync(
        prepare: PutDeletedAsync,
        first: key => PutAsync(A, key, "of a"),
        between: key => UndeleteAsync(B, key),
        allowed: () => ["of a"]);

    [Fact, Trait("Rule", "D1")]
    public Task A_delete_while_another_proxy_compacts() => SweepAsync(
        prepare: key => DeleteAsync(B, key),
        first: key => CompactAsync(A, key),
        between: async key =>
        {
            // The remote gets the key, and a client deletes it. That delete stays, even if the remote was asked before.
            await PutRemoteAsync(key);
            await DeleteAsync(B, key);
        },
        allowed: () => [null]);

    [Fact, Trait("Rule", "D1")]
    public async Task A_delete_while_the_same_proxy_compacts()
    {
        var deleting = Task.CompletedTask;
        await SweepAsync(
            prepare: key => DeleteAsync(A, key),
            first: key => CompactAsync(A, key),
            between: async key =>
            {
                // Not waited for here: it may have to wait for the compaction, and that waits for this.
                await PutRemoteAsync(key);
                deleting = DeleteAsync(A, key);
            },
            allowed: () => [null],
            settle: () => deleting);
    }

    [Fact, Trait("Rule", "B4")]
    public async Task The_deletion_of_a_bucket_while_another_proxy_undeletes_it()
    {
        var runs = await StoreSteps.SweepAsync(
            Scene.Store,
            run => Scene.SendAsync(A, "DELETE", $"/bucket{run}"),
            run => CallAsync(B, $"discard?bucket=bucket{run}"),
            async run =>
            {
                Scene.Clock.Advance(TimeSpan.FromSeconds(2));
                await AgreeAsync($"bucket{run}", "gone", null, "remote");
                await CallAsync(A, $"discard?bucket=bucket{run}");
                Scene.Clock.Advance(TimeSpan.FromSeconds(2));
                await AgreeAsync($"bucket{run}", "gone", "remote");
            },
            async run =>
            {
                Scene.Remote.Put($"bucket{run}", "gone", "remote"u8.ToArray());
                Assert.Equal(204, (await Scene.SendAsync(A, "DELETE", $"/bucket{run}/gone")).Status);
            });
        Assert.True(runs > 4);
    }

    private async Task<int> SweepAsync(
        Func<string, Task> prepare, Func<string, Task> first, Func<string, Task> between, Func<string?[]> allowed,
        Func<Task>? settle = null)
    {
        var serial = Guid.NewGuid().ToString("n")[..4];
        var runs = await StoreSteps.SweepAsync(
            Scene.Store,
            run => first($"{serial}-{run}-"),
            run => between($"{serial}-{run}-"),
            async run =>
            {
                await (settle?.Invoke() ?? Task.CompletedTask);
                await AgreeAsync("bucket", $"{serial}-{run}-", allowed());
            },
            run => prepare($"{serial}-{run}-"));
        Assert.True(runs > 3);
        return runs;
    }

    private async Task AgreeAsync(string bucket, string key, params string?[] allowed)
    {
        var (a, b) = (await SeenAsync(A, key, bucket), await SeenAsync(B, key, bucket));
        Assert.Equal(a, b);
        Assert.Contains(a, allowed);
        var isListed = (await Scene.SendAsync(A, "GET", $"/{bucket}?list-type=2&prefix={key}")).Text
            .Contains($"<Key>{key}</Key>", StringComparison.Ordinal);
        Assert.Equal(a is not null, isListed);
    }

    private async Task<string?> SeenAsync(OverlayHost proxy, string key, string bucket = "bucket")
    {
        var response = await Scene.SendAsync(proxy, "GET", $"/{bucket}/{key}");
        await proxy.WhenIdleAsync();
        return response.Status == 404 ? null : response.Text;
    }

    private Task PutRemoteAsync(string key)
    {
        Scene.Remote.Put("bucket", key, "remote"u8.ToArray());
        return Task.CompletedTask;
    }

    private async Task PutBothAsync(string key)
    {
        await PutRemoteAsync(key);
        await PutAsync(A, key, "mine");
    }

    private async Task PutDeletedAsync(string key)
    {
        await PutRemoteAsync(key);
        await DeleteAsync(A, key);
    }

    private async Task PutAsync(OverlayHost proxy, string key, string body) =>
        Assert.Equal(200, (await Scene.SendAsync(proxy, "PUT", "/bucket/" + key, body)).Status);

    private async Task DeleteAsync(OverlayHost proxy, string key) =>
        Assert.Equal(204, (await Scene.SendAsync(proxy, "DELETE", "/bucket/" + key)).Status);

    private async Task<int> UndeleteAsync(OverlayHost proxy, string key) =>
        (await CallAsync(proxy, $"discard?bucket=bucket&key={key}")).GetProperty("tombstones").GetInt32();

    private Task CompactAsync(OverlayHost proxy, string key) => CallAsync(proxy, $"compact?bucket=bucket&prefix={key}");

    private async Task<JsonElement> CallAsync(OverlayHost proxy, string call)
    {
        var response = await Scene.SendAsync(proxy, "POST", "/-/v1/" + call);
        Assert.True(response.Status == 200, response.Text);
        var last = JsonDocument.Parse(response.Text.TrimEnd('\n').Split('\n')[^1]).RootElement;
        Assert.True(last.GetProperty("done").GetBoolean(), response.Text);
        return last;
    }
}
