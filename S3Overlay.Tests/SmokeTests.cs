namespace S3Overlay.Tests;

public sealed class SmokeTests
{
    [Fact]
    public void Utf8_order_puts_surrogates_last() =>
        Assert.True(S3Overlay.Proxy.Protocol.Listings.Utf8Order.Compare("\uFFFD", "\U0001F600") < 0);
}
