using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>Reads of a key that was deleted here: the arguments are checked before the 404, as in S3 (rules R2, R8).</summary>
public sealed class DeletedKeyTests
{
    private static readonly (string Name, string Value)[] None = [];

    [Theory, Trait("Rule", "R2"), Trait("Rule", "R8")]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task What_cannot_be_meant_is_refused_and_what_can_is_not_there(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "key", "remote"u8.ToArray());
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/bucket/key")).Status);
        foreach (var (query, headers, status, code) in new (string, (string, string)[], int, string)[]
        {
            ("partNumber=x", None, 400, "InvalidArgument"),
            ("partNumber=0", None, 400, "InvalidArgument"),
            ("partNumber=10001", None, 400, "InvalidArgument"),
            ("partNumber=1", [("Range", "bytes=0-1")], 400, "InvalidRequest"),
            ("versionId=", None, 400, "InvalidArgument"),
            ("tagging&versionId=", None, 400, "InvalidArgument"),
            ("attributes", None, 400, "InvalidArgument"),
            ("attributes", [("x-amz-object-attributes", "Colour")], 400, "InvalidArgument"),
            ("partNumber=1", None, 404, "NoSuchKey"),
            ("versionId=null", None, 404, "NoSuchKey"),
            ("tagging", None, 404, "NoSuchKey"),
            ("attributes", [("x-amz-object-attributes", "ETag")], 404, "NoSuchKey"),
        })
        {
            var response = await scene.SendAsync("GET", $"/bucket/key?{query}", null, headers);
            Assert.Equal((query, status, code), (query, response.Status, response.Code));
            if (!query.Contains("tagging", StringComparison.Ordinal) && !query.Contains("attributes", StringComparison.Ordinal))
            {
                Assert.Equal((query, status), (query, (await scene.SendAsync("HEAD", $"/bucket/key?{query}", null, headers)).Status));
            }
        }
    }
}
