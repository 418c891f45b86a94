using System.Text.Json;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Changes;

/// <summary>Undoing changes, so that the remote shows again (rule P3).</summary>
[Trait("Rule", "P3")]
public sealed class RevertTests
{
    public static TheoryData<string> Layers => LayerScene.All;

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task A_written_or_deleted_key_shows_the_remote_again(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        foreach (var key in (string[])["deleted", "tagged", "twice", "written"])
        {
            scene.Remote.Put("bucket", key, "remote"u8.ToArray());
            await ChangeLines.OkAsync(scene, "GET", "/bucket/" + key);
        }

        await ChangeLines.OkAsync(scene, "PUT", "/bucket/written", "mine");
        await ChangeLines.OkAsync(scene, "DELETE", "/bucket/deleted");
        await ChangeLines.TagAsync(scene, "tagged", "a", "b");
        await ChangeLines.OkAsync(scene, "DELETE", "/bucket/twice");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/twice", "mine");
        await scene.Proxy.WhenIdleAsync();
        scene.Remote.Put("bucket", "written", "newer"u8.ToArray());
        foreach (var (key, text) in ((string, string)[])
            [("written", "newer"), ("deleted", "remote"), ("tagged", "remote"), ("twice", "remote")])
        {
            Assert.Equal("reverted=1", await ChangeLines.RevertAsync(scene, "bucket=bucket&key=" + key));
            Assert.Equal((200, text), await SeenAsync(scene, key));
            Assert.Equal("", await ChangeLines.RevertAsync(scene, "bucket=bucket&key=" + key));
        }

        Assert.Empty(await ChangeLines.OfAsync(scene));
        var left = await scene.SendAsync("GET", "/-/v1/tombstones?bucket=bucket");
        Assert.Equal(0, JsonDocument.Parse(left.Text).RootElement.GetProperty("tombstones").GetArrayLength());
        Assert.DoesNotContain("<Tag>", (await scene.SendAsync("GET", "/bucket/tagged?tagging")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task What_the_remote_does_not_have_is_only_removed_if_that_is_asked_for(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/k", "mine");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/new", "mine");
        Assert.Equal("reverted=1 added=1", await ChangeLines.RevertAsync(scene, "bucket=bucket&dry-run=true"));
        Assert.Equal((200, "mine"), await SeenAsync(scene, "k"));
        Assert.Equal("added=1", await ChangeLines.RevertAsync(scene, "bucket=bucket&key=new"));
        Assert.Equal("reverted=1 added=1", await ChangeLines.RevertAsync(scene, "bucket=bucket"));
        Assert.Equal((200, "mine"), await SeenAsync(scene, "new"));
        Assert.Equal((200, "remote"), await SeenAsync(scene, "k"));
        var asked = scene.Remote.Requests.Count;
        Assert.Equal("reverted=1", await ChangeLines.RevertAsync(scene, "bucket=bucket&added=true"));
        Assert.Equal(asked, scene.Remote.Requests.Count);
        Assert.Equal(404, (await SeenAsync(scene, "new")).Status);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task A_prefix_and_all_buckets_are_reverted_as_a_whole(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        for (var i = 0; i < 40; i++)
        {
            scene.Remote.Put("bucket", $"p/{i}", "remote"u8.ToArray());
            await ChangeLines.OkAsync(scene, i % 2 == 0 ? "PUT" : "DELETE", $"/bucket/p/{i}", i % 2 == 0 ? "mine" : null);
        }

        scene.Remote.Put("bucket", "q", "remote"u8.ToArray());
        scene.Remote.Put("other", "k", "remote"u8.ToArray());
        await ChangeLines.OkAsync(scene, "DELETE", "/bucket/q");
        await ChangeLines.OkAsync(scene, "PUT", "/other/k", "mine");
        Assert.Equal("reverted=40", await ChangeLines.RevertAsync(scene, "bucket=bucket&prefix=p/"));
        Assert.Equal(["D q"], (await ChangeLines.OfAsync(scene)).Select(static line => line.Replace("!", "", StringComparison.Ordinal)));
        Assert.Equal("reverted=2", await ChangeLines.RevertAsync(scene, "all=true"));
        Assert.Empty(await ChangeLines.OfAsync(scene, ""));
        Assert.Equal((200, "remote"), await SeenAsync(scene, "p/1"));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task Open_uploads_of_the_key_are_aborted_and_those_of_others_stay(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        var uploads = new Dictionary<string, string>();
        foreach (var key in (string[])["a", "k", "k2"])
        {
            scene.Remote.Put("bucket", key, "remote"u8.ToArray());
            var begun = await scene.SendAsync("POST", $"/bucket/{key}?uploads");
            uploads[key] = UriEncoding.EncodeComponent(begun.Text.Split("<UploadId>")[1].Split('<')[0]);
            await ChangeLines.OkAsync(scene, "PUT", $"/bucket/{key}?partNumber=1&uploadId={uploads[key]}", "part");
        }

        await ChangeLines.OkAsync(scene, "PUT", "/bucket/k", "mine");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/k2", "mine");
        Assert.Equal("reverted=1 uploads=1", await ChangeLines.RevertAsync(scene, "bucket=bucket&key=k"));
        Assert.Equal((404, 200, 200), (await PartsAsync("k"), await PartsAsync("k2"), await PartsAsync("a")));
        Assert.Equal("reverted=1 uploads=1", await ChangeLines.RevertAsync(scene, "bucket=bucket"));
        Assert.Equal((404, 200), (await PartsAsync("k2"), await PartsAsync("a")));

        async Task<int> PartsAsync(string key) => (await scene.SendAsync("GET", $"/bucket/{key}?uploadId={uploads[key]}")).Status;
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task Only_the_change_that_is_meant_is_undone(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        var remote = scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/k", "mine");
        var stamp = await StampAsync();
        scene.Clock.Advance(TimeSpan.FromSeconds(5));
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/k", "mine");
        Assert.Equal("changed=1", await ChangeLines.RevertAsync(scene, "bucket=bucket&key=k&only=" + stamp));
        Assert.Equal((200, "mine"), await SeenAsync(scene, "k"));
        stamp = await StampAsync();
        Assert.Equal("changed=1", await ChangeLines.RevertAsync(scene, $"bucket=bucket&key=k&only={stamp}&shows=other"));
        Assert.Equal("reverted=1", await ChangeLines.RevertAsync(
            scene, $"bucket=bucket&key=k&only={stamp}&shows={UriEncoding.EncodeComponent(remote.ETag)}"));
        Assert.Equal((200, "remote"), await SeenAsync(scene, "k"));
        await ChangeLines.OkAsync(scene, "DELETE", "/bucket/k");
        stamp = await StampAsync();
        Assert.Equal("changed=1", await ChangeLines.RevertAsync(scene, "bucket=bucket&key=k&only=1"));
        Assert.Equal("reverted=1", await ChangeLines.RevertAsync(scene, "bucket=bucket&key=k&only=" + stamp));

        async Task<string> StampAsync()
        {
            var lines = await ChangeLines.ReadAsync(await scene.SendAsync("GET", "/-/v1/changes?bucket=bucket"));
            return UriEncoding.EncodeComponent(Assert.Single(lines).GetProperty("stamp").GetString()!);
        }
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task The_next_change_of_a_reverted_key_has_a_base_of_its_own(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        await ChangeLines.OkAsync(scene, "GET", "/bucket/k");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/k", "mine");
        scene.Remote.Put("bucket", "k", "newer"u8.ToArray());
        Assert.Equal(["M! k"], await ChangeLines.OfAsync(scene));
        await ChangeLines.RevertAsync(scene, "bucket=bucket&key=k");
        await ChangeLines.OkAsync(scene, "GET", "/bucket/k");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/k", "mine");
        Assert.Equal(["M k"], await ChangeLines.OfAsync(scene));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task The_deletion_of_a_bucket_is_only_undone_if_that_is_asked_for(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        await ChangeLines.OkAsync(scene, "DELETE", "/bucket/k");
        await ChangeLines.OkAsync(scene, "DELETE", "/bucket");
        foreach (var query in (string[])["bucket=bucket", "bucket=bucket&key=k", "bucket=bucket&prefix=k&deleted-buckets=true"])
        {
            // The clock does not move: after two seconds, the response would begin with its progress.
            Assert.Equal(409, (await scene.Proxy.SendAsync("POST", "/-/v1/revert?" + query)).Status);
        }

        Assert.Equal("", await ChangeLines.RevertAsync(scene, "all=true"));
        Assert.Equal("buckets=1", await ChangeLines.RevertAsync(scene, "bucket=bucket&deleted-buckets=true&dry-run=true"));
        Assert.Equal(404, (await SeenAsync(scene, "k")).Status);
        Assert.Equal("buckets=1", await ChangeLines.RevertAsync(scene, "bucket=bucket&deleted-buckets=true"));
        Assert.Equal((200, "remote"), await SeenAsync(scene, "k"));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task A_reverted_key_never_shows_an_entry_from_before_the_change(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "k", "old"u8.ToArray());
        await ChangeLines.OkAsync(scene, "GET", "/bucket/k");
        await scene.Proxy.WhenIdleAsync();
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/k", "mine");
        scene.Remote.Put("bucket", "k", "new"u8.ToArray());
        await ChangeLines.RevertAsync(scene, "bucket=bucket&key=k");
        Assert.Equal((200, "new"), await SeenAsync(scene, "k"));
        await scene.Proxy.WhenIdleAsync();
        Assert.Equal((200, "new"), await SeenAsync(scene, "k"));
        var listed = await scene.SendAsync("GET", "/bucket?list-type=2");
        Assert.Contains("<Size>3</Size>", listed.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_young_tombstone_of_a_shared_store_stays()
    {
        await using var scene = await LayerScene.StartAsync("store", ("S3_OVERLAY_PROXIES", "2"));
        scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        scene.Remote.Put("bucket", "w", "remote"u8.ToArray());
        await ChangeLines.OkAsync(scene, "DELETE", "/bucket/k");
        await ChangeLines.OkAsync(scene, "PUT", "/bucket/w", "mine");
        Assert.Equal("reverted=1 young=1", await ChangeLines.RevertAsync(scene, "bucket=bucket"));
        Assert.Equal(404, (await SeenAsync(scene, "k")).Status);
        scene.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("reverted=1", await ChangeLines.RevertAsync(scene, "bucket=bucket"));
        Assert.Equal((200, "remote"), await SeenAsync(scene, "k"));
    }

    private static async Task<(int Status, string Text)> SeenAsync(LayerScene scene, string key)
    {
        var response = await scene.SendAsync("GET", "/bucket/" + key);
        return (response.Status, response.Status == 200 ? response.Text : "");
    }
}
