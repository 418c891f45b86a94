using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Protocol;

[Trait("Rule", "R6")]
public sealed class RangeHeaderTests
{
    [Theory]
    [InlineData("bytes=0-0", 0, 0)]
    [InlineData("bytes=2-5", 2, 5)]
    [InlineData("bytes=2-", 2, 9)]
    [InlineData("bytes=9-", 9, 9)]
    [InlineData("bytes=0-999", 0, 9)]
    [InlineData("bytes=-3", 7, 9)]
    [InlineData("bytes=-999", 0, 9)]
    [InlineData("BYTES=1-2", 1, 2)]
    [InlineData("bytes=0-99999999999999999999999", 0, 9)]
    [InlineData("bytes=-99999999999999999999999", 0, 9)]
    public void Names_bytes_of_a_ten_byte_object(string header, long first, long last) =>
        Assert.Equal(new ByteRange(first, last), RangeHeader.Parse(header)!.Value.Resolve(10));

    [Theory]
    [InlineData("bytes=10-")]
    [InlineData("bytes=10-12")]
    [InlineData("bytes=-0")]
    [InlineData("bytes=99999999999999999999999-")]
    public void Is_unsatisfiable_where_no_byte_exists(string header) => Assert.Null(RangeHeader.Parse(header)!.Value.Resolve(10));

    [Fact]
    public void Of_an_empty_object_is_always_unsatisfiable()
    {
        Assert.Null(RangeHeader.Parse("bytes=0-")!.Value.Resolve(0));
        Assert.Null(RangeHeader.Parse("bytes=-1")!.Value.Resolve(0));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("bytes")]
    [InlineData("bytes=")]
    [InlineData("bytes=-")]
    [InlineData("bytes=5-2")]
    [InlineData("bytes=a-b")]
    [InlineData("bytes=1-2,4-5")]
    [InlineData("items=0-1")]
    [InlineData("bytes=+1-2")]
    [InlineData("bytes=1 - 2")]
    public void Malformed_or_several_means_the_whole_object(string? header) => Assert.Null(RangeHeader.Parse(header));
}
