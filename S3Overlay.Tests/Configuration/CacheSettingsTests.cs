namespace S3Overlay.Tests.Configuration;

/// <summary>Cache settings that contradict each other.</summary>
public sealed class CacheSettingsTests : OptionsTestBase
{
    private static readonly string[] Embedded = ["S3_OVERLAY_REMOTE_ENDPOINT=http://remote.example", "S3_OVERLAY_CACHE_ENABLED=true",
        "S3_OVERLAY_DATA_DIR=/var/overlay/data"];
    private static readonly string[] Store = ["S3_OVERLAY_REMOTE_ENDPOINT=http://remote.example", "S3_OVERLAY_CACHE_ENABLED=true",
        "S3_OVERLAY_LOCAL_ENDPOINT=http://store.example"];

    /// <summary>The cache folder may be deleted at any time. An index of an older format in it is deleted.</summary>
    [Theory]
    [InlineData("/var/overlay/data")]
    [InlineData("/var/overlay/data/")]
    [InlineData("/var/overlay")]
    [InlineData("/")]
    [InlineData("/var/overlay/data/index")]
    [InlineData("/var/overlay/data/objects/cache")]
    public void Entries_are_not_stored_with_written_objects(string folder)
    {
        Assert.Equal("S3_OVERLAY_CACHE_DIR", ReadError([.. Embedded, "S3_OVERLAY_CACHE_DIR=" + folder]).Setting);
        Read([.. Store, "S3_OVERLAY_DATA_DIR=/var/overlay/data", "S3_OVERLAY_CACHE_DIR=" + folder]);
    }

    [Theory]
    [InlineData("/var/overlay/data/cache")]
    [InlineData("/var/overlay/data/other")]
    [InlineData("/var/overlay/data-cache")]
    [InlineData("/var/overlay/dat")]
    [InlineData("/var/cache")]
    public void Any_other_folder_will_do(string folder) => Read([.. Embedded, "S3_OVERLAY_CACHE_DIR=" + folder]);

    [Fact]
    public void An_object_too_large_for_one_PUT_cannot_be_one_entry()
    {
        Assert.Equal("S3_OVERLAY_CHUNK_THRESHOLD", ReadError([.. Store, "S3_OVERLAY_CHUNK_THRESHOLD=6GiB"]).Setting);
        Read([.. Embedded, "S3_OVERLAY_CHUNK_THRESHOLD=6GiB"]);
        Read([.. Store, "S3_OVERLAY_CHUNK_THRESHOLD=5GiB"]);
    }

    [Theory]
    [InlineData("S3_OVERLAY_SPOOL_MAX_BYTES=20MiB", "S3_OVERLAY_CHUNK_THRESHOLD")]
    [InlineData("S3_OVERLAY_CACHE_MAX_BYTES=0", "S3_OVERLAY_CHUNK_SIZE")]
    [InlineData("S3_OVERLAY_READ_AHEAD_BYTES=1MiB", "S3_OVERLAY_CHUNK_SIZE")]
    public void Sizes_that_leave_no_room_are_reported(string setting, string other)
    {
        var (_, problems) = ReadAll([.. Store, setting]);
        Assert.Empty(problems.Errors);
        var warning = Assert.Single(problems.Warnings);
        Assert.Equal(setting.Split('=')[0], warning.Setting);
        Assert.Contains(other, warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_as_they_are_unless_set_otherwise_are_fine() => Assert.Empty(ReadAll(Store).Problems.Warnings);

    /// <summary>These characters separate the parts of a signature, so such a key could never sign.</summary>
    [Theory]
    [InlineData("a/b")]
    [InlineData("a,b")]
    [InlineData("a b")]
    [InlineData("a=b")]
    public void A_key_that_could_never_sign_is_an_error(string key)
    {
        Assert.Equal(("S3_OVERLAY_ACCESS_KEY", key), ReadError($"S3_OVERLAY_ACCESS_KEY={key}", "S3_OVERLAY_SECRET_KEY=s") is var error
            ? (error.Setting, error.Value) : default);
        Read($"S3_OVERLAY_ACCESS_KEY=mine", "S3_OVERLAY_SECRET_KEY=s", $"S3_OVERLAY_REMOTE_ACCESS_KEY_ID={key.Replace(' ', '/')}",
            "S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY=s");
    }
}
