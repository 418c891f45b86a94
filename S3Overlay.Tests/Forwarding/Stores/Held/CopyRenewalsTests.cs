using S3Overlay.Proxy.Forwarding.Stores.Held.Writing;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Forwarding.Stores.Held;

/// <summary>News of a copy may come in another order than the remote told it: none of it is lost.</summary>
public sealed class CopyRenewalsTests
{
    private static readonly ObjectName Name = new("bucket", "key");
    private static readonly DateTimeOffset Now = new(2026, 2, 3, 4, 5, 6, TimeSpan.Zero);

    [Theory, Trait("Rule", "T1")]
    [InlineData(false)]
    [InlineData(true)]
    public void Checksums_that_are_learned_after_later_news_are_kept_beside_it(bool hasNewHeaders)
    {
        var info = HeldFilling.Info(HeldFilling.Bytes(100));
        var later = hasNewHeaders ? info.WithoutChecksums() with { LastModified = info.LastModified.AddDays(1) } : null;
        var renewals = new CopyRenewals();
        renewals.Note(new CopyRenewal(Name, info.ETag, Now, later));
        Assert.True(renewals.Note(new CopyRenewal(Name, info.ETag, Now.AddMinutes(-1), info)));

        Assert.True(renewals.TryGet(Name, out var noted));
        Assert.Equal((Now, info.Checksums, (later ?? info).LastModified), (noted.ValidatedAt, noted.Info!.Checksums, noted.Info.LastModified));
    }

    [Fact, Trait("Rule", "T1")]
    public void Older_news_of_another_version_or_without_checksums_says_nothing()
    {
        var info = HeldFilling.Info(HeldFilling.Bytes(100));
        var renewals = new CopyRenewals();
        renewals.Note(new CopyRenewal(Name, info.ETag, Now, null));
        Assert.False(renewals.Note(new CopyRenewal(Name, "\"other\"", Now.AddMinutes(-1), info)));
        Assert.False(renewals.Note(new CopyRenewal(Name, info.ETag, Now.AddMinutes(-1), info.WithoutChecksums())));

        Assert.True(renewals.TryGet(Name, out var noted));
        Assert.Equal((Now, info.ETag, null), (noted.ValidatedAt, noted.ETag, noted.Info));
    }
}
