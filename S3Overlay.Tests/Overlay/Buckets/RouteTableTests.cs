using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Buckets;

public sealed class RouteTableTests
{
    private readonly InMemoryRemote _first = new();
    private readonly InMemoryRemote _second = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Rule", "B6")]
    public void A_bucket_continues_where_its_row_says_and_else_under_its_own_name_if_at_all(bool hasOthers)
    {
        var place = new RemoteBucket(_first, "prod", "folder/");
        var table = new RouteTable([("team", place)], hasOthers ? _first : null);
        Assert.Same(place, table.Find("team")!.Of("any/key"));
        Assert.Equal(hasOthers ? new RemoteBucket(_first, "other", "") : null, table.Find("other")?.Of("any/key"));
        Assert.Equal(["team"], table.Mapped);
        Assert.False(table.IsMapped("other"));
    }

    [Fact]
    [Trait("Rule", "M2")]
    public void The_longest_prefix_that_a_key_starts_with_decides()
    {
        var whole = new RemoteBucket(_first, "below", "");
        var part = new RemoteBucket(_second, "elsewhere", "there/", "a/");
        var inner = new RemoteBucket(_first, "inner", "", "a/b/");
        var routes = new RouteTable([("bucket", part), ("bucket", inner), ("bucket", whole)], null).Find("bucket")!;
        Assert.Same(whole, routes.Of("b"));
        Assert.Same(whole, routes.Of("a"));
        Assert.Same(part, routes.Of("a/"));
        Assert.Same(part, routes.Of("a/b"));
        Assert.Same(inner, routes.Of("a/b/c"));
        Assert.Equal(("there/b", "c", "b"), (part.RemoteKey("a/b"), inner.RemoteKey("a/b/c"), whole.RemoteKey("b")));
    }

    [Fact]
    [Trait("Rule", "M2")]
    public void A_prefix_mapped_to_a_whole_bucket_is_no_object_there()
    {
        var routes = new RouteTable([("bucket", new RemoteBucket(_second, "elsewhere", "", "a/"))], _first).Find("bucket")!;
        Assert.Null(routes.Of("a/"));
        Assert.Equal("elsewhere", routes.Of("a/b")!.Name);
    }

    [Fact]
    [Trait("Rule", "M1")]
    public void Keys_that_no_remote_backs_are_local_only_unless_one_backs_everything()
    {
        var rows = new[] { ("bucket", new RemoteBucket(_second, "elsewhere", "", "a/")) };
        Assert.Null(new RouteTable(rows, null).Find("bucket")!.Of("b"));
        Assert.Null(new RouteTable(rows, null).Find("other"));
        Assert.Equal(new RemoteBucket(_first, "bucket", ""), new RouteTable(rows, _first).Find("bucket")!.Of("b"));
    }

    [Fact]
    [Trait("Rule", "M2")]
    public void One_prefix_cannot_be_in_two_places() =>
        Assert.Throws<ArgumentException>(() => new RouteTable(
            [("bucket", new RemoteBucket(_first, "one", "", "a/")), ("bucket", new RemoteBucket(_second, "two", "", "a/"))], null));

    [Theory]
    [InlineData("there/x/y", true)]
    [InlineData("there/x/z", false)]
    [InlineData("there/a/x/y", false)]
    [InlineData("x/y", false)]
    [Trait("Rule", "R7")]
    public void A_key_of_the_remote_is_distinguished_from_others(string remoteKey, bool isIt) =>
        Assert.Equal(isIt, new RemoteBucket(_first, "below", "there/", "a/").IsRemoteKey(remoteKey, "a/x/y"));
}
