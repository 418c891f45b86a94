using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// Conditional writes over a store whose If-Match holds for a missing object: it would undo a delete that arrives during the write (rules
/// W3, D1).
/// </summary>
[Trait("Rule", "W3"), Trait("Rule", "D1")]
public sealed class HollowMatchTests
{
    [Theory]
    [InlineData("complete")]
    [InlineData("copy")]
    public async Task A_delete_during_a_conditional_complete_or_copy_stays(string write)
    {
        await using var scene = await StoreScene.StartAsync();
        _ = new HollowMatch(scene.Store, write);
        await using var proxy = await scene.AddProxyAsync();
        scene.Remote.Put("bucket", "key", "remote"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync(proxy, "PUT", "/bucket/other", "other")).Status);
        var etag = (await scene.SendAsync(proxy, "PUT", "/bucket/key", "written")).Headers["ETag"];
        var isCopy = write == "copy";
        var target = "/bucket/key";
        (string Name, string Value)[] headers = [("If-Match", etag)];
        string? parts = null;
        if (isCopy)
        {
            headers = [.. headers, ("x-amz-copy-source", "/bucket/other")];
        }
        else
        {
            target += "?uploadId=" + (await scene.SendAsync(proxy, "POST", "/bucket/key?uploads")).Text.Split("<UploadId>")[1]
                .Split('<')[0];
            var part = (await scene.SendAsync(proxy, "PUT", target + "&partNumber=1", "part")).Headers["ETag"];
            parts = $"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{part}</ETag></Part></CompleteMultipartUpload>";
        }

        // After the condition was checked against the state it found, and before the write reaches the store.
        var isDeleted = false;
        scene.Store.After = async call =>
        {
            if (call is { Method: "HEAD", Path: "/bucket/key" } && !isDeleted)
            {
                isDeleted = true;
                Assert.Equal(204, (await proxy.SendAsync("DELETE", "/bucket/key")).Status);
            }
        };
        Assert.Equal(409, (await scene.SendAsync(proxy, isCopy ? "PUT" : "POST", target, parts, headers)).Status);
        Assert.True(isDeleted);
        Assert.Equal(404, (await scene.SendAsync(proxy, "GET", "/bucket/key")).Status);
    }
}
