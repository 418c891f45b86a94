using S3Overlay.Proxy.Forwarding.Stores.Placed;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Forwarding.Stores.Placed;

/// <summary>Which keys a look at a copy settles, whatever writes of them come and go meanwhile.</summary>
[Trait("Rule", "E4")]
public sealed class UnsettledWritesTests
{
    private static readonly ObjectName Name = new("bucket", "key");

    private readonly UnsettledWrites _writes = new();

    [Fact]
    public void A_write_that_is_refused_leaves_what_others_left()
    {
        _writes.Begin(Name);
        _writes.End(Name, isRefused: false);
        _writes.Begin(Name);
        _writes.End(Name, isRefused: true);
        Assert.True(_writes.Has(Name, out var last));
        _writes.Settle(Name, last);
        Assert.Equal(0, _writes.Count);
    }

    [Fact]
    public void A_write_that_is_refused_during_the_look_is_nothing_to_it()
    {
        _writes.Begin(Name);
        _writes.End(Name, isRefused: false);
        _writes.Has(Name, out var last);
        _writes.Begin(Name);
        _writes.Settle(Name, last);
        Assert.Equal(1, _writes.Count);
        _writes.End(Name, isRefused: true);
        Assert.Equal(0, _writes.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_write_that_ends_during_the_look_or_later_is_not_settled_by_it(bool isLater)
    {
        _writes.Begin(Name);
        _writes.Has(Name, out var last);
        if (isLater)
        {
            _writes.Settle(Name, last);
        }

        _writes.End(Name, isRefused: false);
        _writes.Settle(Name, last);
        Assert.True(_writes.Has(Name, out _));
    }
}
