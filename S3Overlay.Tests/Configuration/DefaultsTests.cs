using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;

namespace S3Overlay.Tests.Configuration;

public sealed class DefaultsTests : OptionsTestBase
{
    [Fact]
    public void Nothing_set_is_local_only_with_the_defaults_of_the_predecessor()
    {
        var options = Read();

        Assert.Null(options.Remote);
        Assert.Equal(Path.GetFullPath("./data"), options.Local.DataDirectory);
        Assert.Equal(Path.Combine(options.Local.DataDirectory, "cache"), options.Cache.Directory);
        Assert.True(options.Local.IsDurable);
        Assert.Equal("us-east-1", options.Local.BucketLocation);
        Assert.Equal("us-east-1", options.Local.Region);
        Assert.Equal(AddressingStyle.Auto, options.Local.Addressing);
        Assert.False(options.Cache.IsEnabled);
        Assert.Equal(52428800, options.Cache.ChunkThreshold);
        Assert.Equal(16777216, options.Cache.ChunkSize);
        Assert.Equal("s3-overlay-cache", options.Cache.Bucket);
        Assert.Equal(FillOnAbort.Finish, options.Cache.FillOnAbort);
        Assert.Equal("localhost", options.Clients.Domain);
        Assert.Null(options.Clients.Region);
        Assert.False(options.Clients.AllowsCrossOrigin);
        Assert.True(options.Clients.AllowsVersion2);
        Assert.True(options.Cache.AllowsDirectives);
        Assert.Equal(TimeSpan.Zero, options.Cache.NegativeLife);
        Assert.Equal(AuthenticationMode.Keys, options.Clients.Authentication);
        Assert.Equal(ListingScope.Merged, options.View.Listing);
        Assert.Equal(ListingFailure.Error, options.View.ListingOnError);
        Assert.Equal(DeleteBehaviour.Tombstone, options.View.Deletes);
        Assert.Equal(RemoteForbidden.NotFound, options.View.RemoteForbidden);
        Assert.Equal([ListenAddresses.Default], options.Listen.Urls);
        Assert.Equal(new ClientKey("minioadmin", "minioadmin", ClientKey.Everything, true), Assert.Single(options.Clients.Keys));
        Assert.True(options.Clients.HasDefaultKeys);
    }

    [Fact]
    public void A_remote_has_the_timeouts_of_the_contract()
    {
        var remote = Read("S3_OVERLAY_REMOTE_ENDPOINT=https://s3.example.com").Remote!;

        Assert.Equal(TimeSpan.FromSeconds(3), remote.ConnectTimeout);
        Assert.Equal(TimeSpan.FromSeconds(10), remote.FirstByteTimeout);
        Assert.Equal(TimeSpan.FromSeconds(15), remote.StallTimeout);
        Assert.Equal(4096, remote.MinRate);
        Assert.InRange(remote.Budget, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(50));
        Assert.Equal(AddressingStyle.Auto, remote.Addressing);
        Assert.Equal(UnmappedBuckets.SameName, remote.Unmapped);
        Assert.Empty(remote.Mapping);
        Assert.False(remote.IsAnonymous);
    }

    [Fact]
    public void Every_setting_can_be_given_in_any_case()
    {
        var options = Read("s3_overlay_cache_enabled=true", "S3_Overlay_Chunk_Size=20480", "s3_overlay_data_dir=elsewhere");

        Assert.True(options.Cache.IsEnabled);
        Assert.Equal(20480, options.Cache.ChunkSize);
        Assert.Equal(Path.GetFullPath("elsewhere"), options.Local.DataDirectory);
    }

    [Fact]
    public void An_empty_value_counts_as_not_set()
    {
        var options = Read("S3_OVERLAY_REMOTE_ENDPOINT=", "S3_OVERLAY_CHUNK_SIZE= ", "S3_OVERLAY_LOCAL_ENDPOINT=");

        Assert.Null(options.Remote);
        Assert.Equal(16777216, options.Cache.ChunkSize);
    }

    [Theory]
    [InlineData("52428800", 52428800)]
    [InlineData("50MiB", 52428800)]
    [InlineData("50 MiB", 52428800)]
    [InlineData("50mib", 52428800)]
    [InlineData("50MB", 50000000)]
    [InlineData("1GiB", 1073741824)]
    [InlineData("7B", 7)]
    [InlineData("0", 0)]
    public void Sizes_are_bytes_or_have_a_unit(string text, long bytes) =>
        Assert.Equal(bytes, Read($"S3_OVERLAY_CHUNK_THRESHOLD={text}").Cache.ChunkThreshold);

    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("10s", 10)]
    [InlineData("10", 10)]
    [InlineData("1.5s", 1.5)]
    [InlineData("5m", 300)]
    [InlineData("1h", 3600)]
    public void Durations_are_seconds_or_have_a_unit(string text, double seconds) =>
        Assert.Equal(seconds, Durations.Parse(text).TotalSeconds);

    [Theory]
    [InlineData("NaN")]
    [InlineData("NaNs")]
    [InlineData("Infinity")]
    [InlineData("-1")]
    [InlineData("1e300")]
    [InlineData("20001d")]
    public void Durations_are_numbers_of_what_has_an_end(string text) => Assert.Throws<FormatException>(() => Durations.Parse(text));

    [Theory, Trait("Rule", "S1")]
    [InlineData("never", RevalidationMode.Never, 0)]
    [InlineData("Always", RevalidationMode.Always, 0)]
    [InlineData("0", RevalidationMode.Always, 0)]
    [InlineData("10m", RevalidationMode.AfterLife, 600)]
    public void Entries_are_revalidated_never_always_or_after_a_time(string text, RevalidationMode mode, double seconds) =>
        Assert.Equal((mode, seconds), (Read($"S3_OVERLAY_REVALIDATE={text}").Cache.Revalidation.Mode,
            Read($"S3_OVERLAY_REVALIDATE={text}").Cache.Revalidation.Life.TotalSeconds));

    [Theory]
    [InlineData("http://127.0.0.1:9000")]
    [InlineData("http://0.0.0.0:9000", "urls=http://0.0.0.0:80")]
    [InlineData("https://[::1]:9000", "urls=https://[::1]:8443")]
    [InlineData("http://*:9000", "http_ports=8080")]
    public void The_port_is_that_of_the_setting_and_the_host_stays(string expected, params string[] settings) =>
        Assert.Equal([expected], Read(["S3_OVERLAY_PORT=9000", .. settings]).Listen.Urls);

    [Theory]
    [InlineData("S3_OVERLAY_PORT=9000", "urls=http://127.0.0.1:1;http://[::1]:1")]
    [InlineData("S3_OVERLAY_PORT=9000", "urls=http://unix:/run/s3.sock")]
    [InlineData("S3_OVERLAY_PORT=9000", "Kestrel:Endpoints:web:Url=http://localhost:5000")]
    [InlineData("S3_OVERLAY_PORT=65536")]
    [InlineData("S3_OVERLAY_PORT=http://127.0.0.1:9000")]
    public void A_port_that_no_one_address_can_have_is_an_error(params string[] settings) =>
        Assert.Equal("S3_OVERLAY_PORT", ReadError(settings).Setting);

    [Theory]
    [InlineData("urls=http://0.0.0.0:9000", "http://0.0.0.0:9000", false)]
    [InlineData("urls=http://127.0.0.1:1;http://[::1]:1", "http://127.0.0.1:1;http://[::1]:1", true)]
    [InlineData("http_ports=8080", "http://*:8080", false)]
    [InlineData("Kestrel:Endpoints:web:Url=http://localhost:5000", "http://localhost:5000", true)]
    public void Addresses_are_read_as_in_any_web_application(string setting, string expected, bool isLoopback)
    {
        var listen = Read(setting).Listen;

        Assert.Equal(expected.Split(';'), listen.Urls);
        Assert.Equal(isLoopback, listen.IsLoopbackOnly);
    }
}
