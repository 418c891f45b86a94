using System.Text.Json;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Remotes;

/// <summary>
/// Tombstones that hide nothing, if several remotes back a bucket (rules D1, M2): for each key only the remote that decides it is
/// asked.
/// </summary>
[Trait("Rule", "D1"), Trait("Rule", "M2")]
public sealed class CompactSeveralTests
{
    private static readonly string[] Deleted = ["a", "gone", "models/gone", "models/hidden", "models/m", "z"];

    public static TheoryData<bool> Layers => [false, true];

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task A_tombstone_goes_where_the_remote_that_decides_about_its_key_lacks_it(bool isOnStore)
    {
        await using var scene = await StartAsync(isOnStore);
        Assert.Equal((6, 3), await CompactAsync(scene, ""));
        Assert.Equal((3, 0), await CompactAsync(scene, ""));
        Assert.Equal([], await ListedAsync(scene));

        // What the remotes get now, no delete was ever about, unless its tombstone is still there; and what is hidden by another remote's
        // prefix stays so.
        foreach (var key in Deleted)
        {
            RemotesScene.Put(scene.First!, "data", key, "first");
        }

        RemotesScene.Put(scene.Models, "ml", "released/gone", "models");
        Assert.Equal(["gone", "models/gone"], await ListedAsync(scene));
        Assert.Equal("models", (await scene.SendAsync("GET", "/data/models/gone")).Text);
        Assert.Equal(404, (await scene.SendAsync("GET", "/data/models/hidden")).Status);
        Assert.Equal(404, (await scene.SendAsync("GET", "/data/models/m")).Status);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task A_prefix_needs_only_the_remote_of_that_prefix(bool isOnStore)
    {
        await using var scene = await StartAsync(isOnStore);
        var before = scene.First!.Requests.Count;
        Assert.Equal((3, 2), await CompactAsync(scene, "models/"));
        Assert.Equal(before, scene.First.Requests.Count);
        var asked = scene.Models.Requests.Count;
        Assert.Equal((1, 1), await CompactAsync(scene, "g"));
        Assert.Equal(asked, scene.Models.Requests.Count);
    }

    /// <summary>
    /// A remote that does not respond, or lacks the bucket, removes no tombstone: neither of its keys nor of another remote's.
    /// </summary>
    [Theory]
    [MemberData(nameof(Layers))]
    public async Task A_remote_that_does_not_respond_keeps_all_tombstones(bool isOnStore)
    {
        await using var scene = await StartAsync(isOnStore);
        scene.Models.Script = async (_, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, 403, "InvalidAccessKeyId");
            return ScriptedOutcome.Answered;
        };
        Assert.Equal(503, (await scene.SendAsync("POST", "/-/v1/compact?bucket=data")).Status);
        scene.Models.Script = null;
        scene.Models.Remove("ml", "released/m");
        Assert.Equal(409, (await scene.SendAsync("POST", "/-/v1/compact?bucket=data")).Status);
        scene.Models.AddBucket("ml");
        Assert.Equal((6, 4), await CompactAsync(scene, ""));
    }

    /// <summary>
    /// A bucket with <c>a</c> and <c>z</c> at one remote and <c>models/m</c> at the other. These and other keys are deleted here.
    /// </summary>
    private static async Task<RemotesScene> StartAsync(bool isOnStore)
    {
        var scene = await RemotesScene.StartAsync(isOnStore);
        foreach (var key in (string[])["a", "models/hidden", "z"])
        {
            RemotesScene.Put(scene.First!, "data", key, "first");
        }

        RemotesScene.Put(scene.Models, "ml", "released/m", "models");
        foreach (var key in Deleted)
        {
            Assert.Equal(204, (await scene.SendAsync("DELETE", "/data/" + key)).Status);
        }

        return scene;
    }

    /// <summary>Returns how many tombstones were checked, and how many removed.</summary>
    private static async Task<(int Tombstones, int Removed)> CompactAsync(RemotesScene scene, string prefix)
    {
        var response = await scene.SendAsync("POST", $"/-/v1/compact?bucket=data&prefix={prefix}");
        Assert.True(response.Status == 200, response.Text);
        var last = JsonDocument.Parse(response.Text.TrimEnd('\n').Split('\n')[^1]).RootElement;
        Assert.True(last.GetProperty("done").GetBoolean());
        return (last.GetProperty("tombstones").GetInt32(), last.GetProperty("removed").GetInt32());
    }

    private static async Task<List<string>> ListedAsync(RemotesScene scene) =>
    [
        .. System.Xml.Linq.XDocument.Parse((await scene.SendAsync("GET", "/data?list-type=2")).Text).Descendants()
            .Where(element => element.Name.LocalName == "Key").Select(element => element.Value),
    ];
}
