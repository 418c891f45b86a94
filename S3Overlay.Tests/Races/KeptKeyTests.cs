using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// Conditional writes over a store that locks the key for the whole write, as MinIO does: other requests for the key wait for the write. So
/// the write must not wait for one of them, even if the probe at the start did not notice the lock, as here.
/// </summary>
[Trait("Rule", "W3")]
public sealed class KeptKeyTests
{
    /// <summary>More than lies in buffers on the way: the store knows of the write before its end is there.</summary>
    private static readonly string Large = new('v', 1 << 20);

    [Theory]
    [InlineData("absent", "If-None-Match", 200)]
    [InlineData("deleted", "If-None-Match", 200)]
    [InlineData("remote", "If-Match", 200)]
    [InlineData("written", "If-Match", 200)]
    [InlineData("written", "If-None-Match", 412)]
    [InlineData("remote", "If-None-Match", 412)]
    public async Task A_write_that_the_store_judges_does_not_wait_for_itself(string state, string condition, int status)
    {
        await using var scene = await StoreScene.StartAsync();
        var etag = await ArrangeAsync(scene, state);
        using var kept = new KeepingStore(scene.Store);
        var response = await scene.SendAsync("PUT", "/bucket/key", Large, (condition, condition == "If-Match" ? etag : "*"));
        Assert.Equal(status, response.Status);
        Assert.Equal(status == 200 ? Large : state, (await scene.SendAsync("GET", "/bucket/key")).Text);
        Assert.True(status == 412 || kept.Writes > 0, "The store had no conditional write.");
    }

    [Fact, Trait("Rule", "W5")]
    public async Task Tags_of_a_large_object_of_the_remote_can_be_set()
    {
        await using var scene = await StoreScene.StartAsync();
        await ArrangeAsync(scene, "absent");
        scene.Remote.Put("bucket", "key", System.Text.Encoding.ASCII.GetBytes(Large));
        using var kept = new KeepingStore(scene.Store);
        Assert.Equal(
            200, (await scene.SendAsync(
            "PUT", "/bucket/key?tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>")).Status);
        Assert.Equal(Large, (await scene.SendAsync("GET", "/bucket/key")).Text);
        Assert.True(kept.Writes > 0, "The store had no conditional write.");
    }

    /// <summary>The object that met the condition is deleted before the write begins at the store.</summary>
    [Theory]
    [InlineData("absent", "If-None-Match")]
    [InlineData("remote", "If-Match")]
    public async Task A_delete_that_comes_between_is_a_conflict(string state, string condition)
    {
        await using var scene = await StoreScene.StartAsync();
        var etag = await ArrangeAsync(scene, state);
        using var kept = new KeepingStore(scene.Store);
        scene.Remote.Script = async (request, _) =>
        {
            if (request is { Method: "HEAD", Key: "key" })
            {
                scene.Remote.Script = null;
                Assert.Equal(204, (await scene.Proxy.SendAsync("DELETE", "/bucket/key")).Status);
            }

            return ScriptedOutcome.AsUsual;
        };
        Assert.Equal(409, (await scene.SendAsync("PUT", "/bucket/key", Large, (condition, condition == "If-Match" ? etag : "*"))).Status);

        // The store has no end of that write to wait for, and may not have noticed yet.
        kept.Dispose();
        Assert.Equal(404, (await scene.SendAsync("GET", "/bucket/key")).Status);
        Assert.Null(scene.Remote.Script);
    }

    /// <summary>
    /// A delete in between must stay. A store that would not notice it at the end of the write is not left to judge the condition.
    /// </summary>
    [Fact]
    public async Task A_delete_that_comes_between_stays_where_the_store_judges_before_the_body()
    {
        await using var scene = await StoreScene.StartAsync();
        _ = new EarlyJudge(scene.Store);
        await using var proxy = await scene.AddProxyAsync();
        var etag = await ArrangeAsync(scene, "written");
        var isDeleted = false;
        scene.Store.After = async call =>
        {
            if (call is { Method: "HEAD", Path: "/bucket/key" } && !isDeleted)
            {
                isDeleted = true;
                Assert.Equal(204, (await proxy.SendAsync("DELETE", "/bucket/key")).Status);
            }
        };
        Assert.Equal(409, (await scene.SendAsync(proxy, "PUT", "/bucket/key", Large, ("If-Match", etag))).Status);
        Assert.True(isDeleted);
        Assert.Equal(404, (await scene.SendAsync(proxy, "GET", "/bucket/key")).Status);
    }

    /// <summary>
    /// An older delete of a key that was written again does not matter, even during other deletes. This process counts
    /// deletes by the hash of the key.
    /// </summary>
    [Fact]
    public async Task A_delete_of_another_key_is_no_conflict()
    {
        await using var scene = await StoreScene.StartAsync();
        await ArrangeAsync(scene, "written");
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/bucket/key")).Status);
        var etag = await ArrangeAsync(scene, "written");
        var (other, isDeleted) = (Colliding("key"), false);
        scene.Store.After = async call =>
        {
            if (call is { Method: "HEAD", Path: "/bucket/key" } && !isDeleted)
            {
                isDeleted = true;
                Assert.Equal(204, (await scene.Proxy.SendAsync("DELETE", "/bucket/" + other)).Status);
            }
        };
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/key", Large, ("If-Match", etag))).Status);
        Assert.True(isDeleted);
    }

    /// <summary>Another key whose deletes are counted together with those of this one.</summary>
    private static string Colliding(string key) => Enumerable.Range(0, int.MaxValue).Select(number => $"k{number}").First(other =>
    {
        var generations = new KeyGenerations();
        generations.Advance("bucket", other);
        return generations.Of("bucket", key) > 0;
    });

    private static async Task<string> ArrangeAsync(StoreScene scene, string state)
    {
        scene.Remote.Put("bucket", "other", "other"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/other", "other")).Status);
        if (state == "written")
        {
            return (await scene.SendAsync("PUT", "/bucket/key", state)).Headers["ETag"];
        }

        if (state == "deleted")
        {
            Assert.Equal(204, (await scene.SendAsync("DELETE", "/bucket/key")).Status);
        }

        return state == "remote" ? scene.Remote.Put("bucket", "key", "remote"u8.ToArray()).ETag : "";
    }
}
