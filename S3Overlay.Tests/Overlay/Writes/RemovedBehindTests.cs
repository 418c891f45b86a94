using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>Objects deleted at the store, not through the proxy (rule D4).</summary>
[Trait("Rule", "D4")]
public sealed class RemovedBehindTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_remotes_object_shows_again_where_nothing_was_deleted_here(bool wasDeleted)
    {
        await using var scene = await StoreScene.StartAsync();
        scene.Remote.Put("bkt", "key", "remote's"u8.ToArray());
        scene.Remote.Put("bkt", "other", "other's"u8.ToArray());
        if (wasDeleted)
        {
            Assert.Equal(204, (await scene.SendAsync("DELETE", "/bkt/key")).Status);
        }

        foreach (var key in (string[])["key", "own"])
        {
            Assert.Equal(200, (await scene.SendAsync("PUT", "/bkt/" + key, "written")).Status);
            Assert.Equal("written", (await scene.SendAsync("GET", "/bkt/" + key)).Text);
            Assert.Equal(204, (await scene.AskStoreAsync("DELETE", "/bkt/" + key)).Status);
        }

        // A delete through the proxy stays, even if the key was written since (rule D1).
        var read = await scene.SendAsync("GET", "/bkt/key");
        Assert.Equal(wasDeleted ? (404, "NoSuchKey") : (200, null), (read.Status, read.Status == 200 ? null : read.Code));
        Assert.Equal(wasDeleted ? "" : "remote's", read.Status == 200 ? read.Text : "");
        Assert.Equal(404, (await scene.SendAsync("GET", "/bkt/own")).Status);
        var list = (await scene.SendAsync("GET", "/bkt?list-type=2")).Text;
        Assert.Equal((!wasDeleted, false, true), (list.Contains("<Key>key<", StringComparison.Ordinal),
            list.Contains("<Key>own<", StringComparison.Ordinal), list.Contains("<Key>other<", StringComparison.Ordinal)));
    }
}
