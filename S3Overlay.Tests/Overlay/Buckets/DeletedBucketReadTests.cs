using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Buckets;

/// <summary>
/// Reads of keys in a bucket that was deleted here: the bucket does not exist (rule B4). The same for keys that had been deleted before,
/// whose tombstones a store keeps until the bucket is undeleted.
/// </summary>
[Trait("Rule", "B4")]
public sealed class DeletedBucketReadTests
{
    public static TheoryData<string> Layers => LayerScene.All;

    [Theory, MemberData(nameof(Layers))]
    public async Task Keys_that_had_been_deleted_in_it_are_in_no_bucket_either(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("data", "key", "remote"u8.ToArray());
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/data/key")).Status);
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/data")).Status);

        // The responses on the tombstone and the bucket race: repeated often enough to see both orders.
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal((404, "NoSuchBucket"), await CodeAsync(scene, "/data/key"));
            Assert.Equal((404, "NoSuchBucket"), await CodeAsync(scene, "/data/key?tagging"));
        }

        Assert.Equal(200, (await scene.SendAsync("PUT", "/data")).Status);
        Assert.Equal((404, "NoSuchKey"), await CodeAsync(scene, "/data/key"));
    }

    private static async Task<(int Status, string? Code)> CodeAsync(LayerScene scene, string target)
    {
        var response = await scene.SendAsync("GET", target);
        return (response.Status, response.Code);
    }
}
