
namespace S3Overlay.Tests.Overlay.Freshness;

/// <summary>The time at which an entry was last found current is stored (rule S1).</summary>
[Trait("Rule", "S1")]
public class RenewalTests : FreshnessTestBase
{
    [Theory]
    [InlineData(1000)]
    [InlineData(200_000)]
    public async Task A_restart_does_not_change_the_age_of_entries(int length)
    {
        InChunks();
        await HoldAsync("key", length);
        Time.Advance(Life);
        Assert.Equal("REVALIDATED", Origin(await ReadAsync("key")).Cache);
        Time.Advance(Life / 2);
        await ReopenAsync();
        ForgetRequests();
        Assert.Equal(("cache", "HIT", "300"), Origin(await ReadAsync("key", "bytes=0-0")));
        Assert.Empty(Remote.Heads);
        Time.Advance(Life / 2);
        Assert.Equal("REVALIDATED", Origin(await ReadAsync("key", "bytes=0-0")).Cache);
    }

    [Theory]
    [InlineData(true, 1000)]
    [InlineData(false, 1000)]
    [InlineData(true, 200_000)]
    public async Task Another_date_of_the_same_bytes_brings_new_headers_and_no_bytes(bool tellsDate, int length)
    {
        InChunks();
        var bytes = await HoldAsync("key", length);
        Remote.TellsDateOfSame = tellsDate;
        var touched = Remote.Put("key", bytes, modified: new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero),
            headers: [new("Content-Type", "text/x-other")]);
        Time.Advance(Life);
        ForgetRequests();
        var response = await ReadAsync("key");
        Assert.Equal(bytes, response.Bytes);
        Assert.Equal("REVALIDATED", Origin(response).Cache);
        Assert.Equal(tellsDate ? "text/x-other" : "text/x-test", response.Headers.ContentType.ToString());
        Assert.Equal(tellsDate ? 2 : 1, Remote.Heads.Count);
        var again = await ReadAsync("key");
        Assert.Equal("HIT", Origin(again).Cache);
        Assert.Equal(response.Headers.LastModified, again.Headers.LastModified);
        Assert.Equal(tellsDate, again.Headers.LastModified.ToString() == touched.LastModified.ToString("r"));
        Assert.Empty(Remote.Gets);
    }
}
