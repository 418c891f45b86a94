using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Tests.Embedded.Files;

public sealed class DescriptorLimitTests
{
    /// <summary>What is under way needs a file each, however many: only idle files have a limit of their own.</summary>
    [Theory, Trait("Rule", "C1")]
    [InlineData(100, 64)]
    [InlineData(20_000, 5000)]
    [InlineData(1 << 20, 1 << 18)]
    [InlineData(long.MaxValue, int.MaxValue)]
    public void A_quarter_of_the_files_is_for_what_is_under_way(long limit, int quarter) =>
        Assert.Equal(quarter, DescriptorLimit.QuarterOf(limit));
}
