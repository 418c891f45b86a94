using S3Overlay.Proxy.Configuration.Values;

namespace S3Overlay.Tests.Configuration;

public sealed class BucketMappingTests : OptionsTestBase
{
    private const string Remote = "S3_OVERLAY_REMOTE_ENDPOINT=http://store.example";

    [Theory]
    [InlineData("local1:remote1,local2:remote2")]
    [InlineData(" local1 : remote1 ,\n local2: remote2 , ")]
    [InlineData("{\"local1\": \"remote1\", \"local2\": \"remote2\"}")]
    public void Pairs_may_have_spaces_and_may_be_JSON(string text) => Assert.Equal(
        [new BucketMapping("local1", "remote1", ""), new BucketMapping("local2", "remote2", "")],
        Read(Remote, $"S3_OVERLAY_BUCKET_MAPPING={text}").Remote!.Mapping);

    [Theory]
    [InlineData("photos:archive/2024", "2024/")]
    [InlineData("photos:archive/2024/", "2024/")]
    [InlineData("photos:archive/a/b:c", "a/b:c/")]
    [InlineData("photos:archive/", "")]
    public void A_prefix_is_a_folder(string text, string prefix) =>
        Assert.Equal(new BucketMapping("photos", "archive", prefix), Assert.Single(BucketMapping.Parse(text)));

    [Fact]
    public void Every_bad_entry_is_named()
    {
        var error = ReadError(Remote, "S3_OVERLAY_BUCKET_MAPPING=good:fine,alone,a b:c,x:,good:twice,y:../z");

        Assert.Equal("S3_OVERLAY_BUCKET_MAPPING", error.Setting);
        Assert.All(["\"alone\"", "\"a b\"", "\"x:\"", "\"good\" is mapped twice", "\"..\""],
            part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_prefix_leaves_room_for_keys()
    {
        Read(Remote, $"S3_OVERLAY_BUCKET_MAPPING=a:b/{new string('p', 1022)}/");
        Assert.Contains("no room for keys", ReadError(Remote, $"S3_OVERLAY_BUCKET_MAPPING=a:b/{new string('p', 1023)}/").Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"a\": ")]
    [InlineData("{\"a\": 1}")]
    public void Bad_JSON_is_an_error(string text) =>
        Assert.Equal("S3_OVERLAY_BUCKET_MAPPING", ReadError(Remote, $"S3_OVERLAY_BUCKET_MAPPING={text}").Setting);

    [Theory]
    [Trait("Rule", "T5")]
    [InlineData("s3-overlay-cache:other")]
    [InlineData("other:s3-overlay-cache")]
    public void The_cache_bucket_cannot_be_mapped(string text) =>
        Assert.Contains("overlay's own", ReadError(Remote, $"S3_OVERLAY_BUCKET_MAPPING={text}").Message, StringComparison.Ordinal);
}
