using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Writing;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>Renewals of an entry may arrive in another order than the remote's responses: none of them is lost.</summary>
public sealed class EntryRenewalsTests
{
    private static readonly ObjectName Name = new("bucket", "key");
    private static readonly Guid Fill = Guid.NewGuid();
    private static readonly DateTimeOffset Now = new(2026, 2, 3, 4, 5, 6, TimeSpan.Zero);

    [Theory, Trait("Rule", "T1")]
    [InlineData(false)]
    [InlineData(true)]
    public void Checksums_that_are_learned_after_later_news_are_kept_beside_it(bool hasNewHeaders)
    {
        var info = EntryFilling.Info(EntryFilling.Bytes(100));
        var later = hasNewHeaders ? info.WithoutChecksums() with { LastModified = info.LastModified.AddDays(1) } : null;
        var renewals = new EntryRenewals();
        renewals.Note(new EntryRenewal(Name, info.ETag, Now, later));
        Assert.True(renewals.Note(new EntryRenewal(Name, info.ETag, Now.AddMinutes(-1), info)));

        var shown = renewals.Apply(Stored(info.WithoutChecksums()));
        Assert.Equal((Now, info.Checksums, (later ?? info).LastModified),
            (shown.ValidatedAt, shown.Info.Checksums, shown.Info.LastModified));
    }

    [Fact, Trait("Rule", "T1")]
    public void Older_news_of_another_version_or_without_checksums_says_nothing()
    {
        var info = EntryFilling.Info(EntryFilling.Bytes(100));
        var renewals = new EntryRenewals();
        renewals.Note(new EntryRenewal(Name, info.ETag, Now, null));
        Assert.False(renewals.Note(new EntryRenewal(Name, "\"other\"", Now.AddMinutes(-1), info)));
        Assert.False(renewals.Note(new EntryRenewal(Name, info.ETag, Now.AddMinutes(-1), info.WithoutChecksums())));

        Assert.Equal(Stored(info) with { ValidatedAt = Now }, renewals.Apply(Stored(info)));
    }

    /// <summary>A store may return its state from before the renewal, or a later renewal by another proxy.</summary>
    [Fact, Trait("Rule", "T2")]
    public void An_update_wins_over_older_metadata_and_not_over_newer()
    {
        var info = EntryFilling.Info(EntryFilling.Bytes(100));
        var (second, third) = (info with { LastModified = info.LastModified.AddDays(1) },
            info with { LastModified = info.LastModified.AddDays(2) });
        var renewals = new EntryRenewals();
        var renewal = new EntryRenewal(Name, info.ETag, Now, second);
        renewals.Note(renewal);
        renewals.Told(renewal, Stored(second) with { ValidatedAt = Now });
        Assert.Equal((Now, second.LastModified), Shown(Stored(info)));
        renewals.Note(new EntryRenewal(Name, info.ETag, Now.AddMinutes(2), null));
        Assert.Equal((Now.AddMinutes(2), second.LastModified), Shown(Stored(info)));
        Assert.Equal((Now.AddMinutes(2), third.LastModified), Shown(Stored(third) with { ValidatedAt = Now.AddMinutes(1) }));
        Assert.Equal((Now.AddMinutes(3), third.LastModified), Shown(Stored(third) with { ValidatedAt = Now.AddMinutes(3) }));

        (DateTimeOffset, DateTimeOffset) Shown(EntryRecord record) => renewals.Apply(record) is var shown
            ? (shown.ValidatedAt, shown.Info.LastModified) : default;
    }

    /// <summary>The store's record from before anything was learned.</summary>
    private static EntryRecord Stored(ObjectInfo info) => new(Name, EntryFilling.Identity("key", 0), info, Now.AddHours(-1), Fill);
}
