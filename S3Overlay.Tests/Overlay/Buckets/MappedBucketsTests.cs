using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Buckets;

public sealed class MappedBucketsTests
{
    private readonly InMemoryRemote _remote = new();

    [Theory]
    [InlineData(UnmappedBuckets.SameName, "other")]
    [InlineData(UnmappedBuckets.Show, "other")]
    [InlineData(UnmappedBuckets.Deny, null)]
    [Trait("Rule", "B6")]
    public void A_bucket_continues_where_the_mapping_says_and_else_under_its_own_name_if_at_all(UnmappedBuckets unmapped, string? name)
    {
        var buckets = new MappedBuckets(_remote, BucketMapping.Parse("team: prod/folder"), unmapped);
        Assert.Equal(new RemoteBucket(_remote, "prod", "folder/"), buckets.Find("team"));
        Assert.Equal(name, buckets.Find("other")?.Name);
        Assert.Equal(["team"], buckets.Mapped);
        Assert.False(((IRemoteBuckets)buckets).IsMapped("other"));
    }
}
