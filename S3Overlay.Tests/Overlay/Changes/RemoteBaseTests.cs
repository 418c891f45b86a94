using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Tests.Overlay.Changes;

/// <summary>The base of a change as text, and the table of what was shown (rule P1).</summary>
[Trait("Rule", "P1")]
public sealed class RemoteBaseTests
{
    private static readonly DateTimeOffset Date = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    [Theory]
    [InlineData("\"d41d8cd98f00b204e9800998ecf8427e\"", 12)]
    [InlineData("W/\"weak.tag;with-all\"", 0)]
    [InlineData("", long.MaxValue)]
    public void A_version_is_read_back(string etag, long size)
    {
        var known = new RemoteBase(etag, size, Date);
        Assert.Equal(known, RemoteBase.Parse(known.ToText()));
        Assert.DoesNotContain(known.ToText()!, static letter => letter is < '!' or > '~' or ';');
    }

    [Fact]
    public void Absence_and_ignorance_are_read_back()
    {
        Assert.True(RemoteBase.Parse(RemoteBase.Absent.ToText())!.IsAbsent);
        var unknown = RemoteBase.Parse(RemoteBase.UnknownSince(Date.AddMilliseconds(7)).ToText())!;
        Assert.Equal((true, Date), (unknown.IsUnknown, unknown.Date));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("--")]
    [InlineData("?x")]
    [InlineData("12")]
    [InlineData("12.13")]
    [InlineData("x.13.e")]
    [InlineData("-1.13.e")]
    [InlineData("?99999999999999")]
    public void Anything_else_is_no_base(string? text) => Assert.Null(RemoteBase.Parse(text));

    [Fact]
    public void What_would_be_too_long_is_not_recorded() => Assert.Null(new RemoteBase(new string('"', 100), 1, Date).ToText());

    [Fact]
    public void A_version_is_compared_by_tag_size_and_date()
    {
        var known = new RemoteBase("\"e\"", 3, Date);
        Assert.True(known.IsOf(new ListedObject(3, "e", Date.AddMilliseconds(400))));
        Assert.True(known.IsOf(new ListedObject(3, "\"e\"", DateTimeOffset.UnixEpoch)));
        Assert.False(known.IsOf(new ListedObject(3, "\"f\"", Date)));
        Assert.False(known.IsOf(new ListedObject(4, "\"e\"", Date)));
        Assert.False(known.IsOf(new ListedObject(3, "\"e\"", Date.AddSeconds(1))));
        Assert.False(RemoteBase.Absent.IsOf(new ListedObject(3, "\"e\"", Date)));
    }

    [Fact]
    public void The_last_version_shown_is_remembered_until_the_key_is_forgotten()
    {
        var shown = new ShownObjects();
        shown.Note("b", "k", "\"1\"", 1, Date);
        shown.Note("b", "k", "\"2\"", 2, Date);
        Assert.Equal(new RemoteBase("\"2\"", 2, Date), shown.Find("b", "k"));
        Assert.Null(shown.Find("b", "other"));
        shown.Note("b", "k", RemoteBase.Absent);
        Assert.True(shown.Find("b", "k")!.IsAbsent);
        shown.Forget("b", "other");
        Assert.NotNull(shown.Find("b", "k"));
        shown.Forget("b", "k");
        Assert.Null(shown.Find("b", "k"));
    }

    [Fact]
    public void Noting_the_same_version_again_allocates_nothing()
    {
        var shown = new ShownObjects();
        shown.Note("bucket", "key", "\"1\"", 1, Date);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            shown.Note("bucket", "key", "\"1\"", 1, Date);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
