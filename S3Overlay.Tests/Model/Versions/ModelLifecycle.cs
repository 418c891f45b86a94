using System.Collections.Immutable;
using System.Globalization;

namespace S3Overlay.Tests.Model.Versions;

/// <summary>The lifecycle of a bucket, and when it was last applied.</summary>
internal sealed record ModelLifecycle
{
    public ImmutableList<ModelRule> Rules { get; init; } = [];

    /// <summary>Whether the rules will run at the next full hour: they changed, or the proxy started.</summary>
    public bool IsDue { get; init; }

    /// <summary>The day on which they last ran.</summary>
    public DateTime Day { get; init; }

    /// <summary>What the rules leave of a bucket.</summary>
    public static VersionedBucket Apply(VersionedBucket bucket, DateTimeOffset now)
    {
        var (rules, after) = (bucket.Lifecycle.Rules, bucket);
        foreach (var (key, state) in bucket.Keys)
        {
            after = Apply(after, key, state.Versions, rules, now);
        }

        foreach (var (id, upload) in bucket.Uploads.Where(upload => rules.Any(rule => rule.Aborts(upload.Value, now))))
        {
            after = after with { Uploads = after.Uploads.Remove(id) };
        }

        return after with { Lifecycle = bucket.Lifecycle with { IsDue = false, Day = now.UtcDateTime.Date } };
    }

    private static VersionedBucket Apply(
        VersionedBucket bucket, string key, ImmutableList<ModelVersion> versions, ImmutableList<ModelRule> rules, DateTimeOffset now)
    {
        // Of what was there at the beginning: a new delete marker moves no other version.
        for (var i = 1; i < versions.Count; i++)
        {
            var (version, newer) = (versions[i], versions[i - 1]);
            if (!newer.IsCopiedUp && !version.Lock.Protects(now, bypasses: false)
                && rules.Any(rule => rule.RemovesNoncurrent(key, version, i - 1, newer.Written, now)))
            {
                bucket = bucket.With(key, bucket.Of(key).Without(version.Id));
            }
        }

        return versions switch
        {
            [{ IsMarker: true } marker] when rules.Any(rule => rule.RemovesMarker(key, marker, now)) =>
                bucket.With(key, bucket.Of(key).Without(marker.Id)),
            [{ IsMarker: false, IsCopiedUp: false } current, ..] when rules.Any(rule => rule.Expires(key, current, now)) =>
                bucket.Delete(key, now)[^1],
            _ => bucket,
        };
    }
}

/// <summary>A rule of a lifecycle.</summary>
/// <param name="Tag">The value of the tag <c>t</c> that it is about. Null for all objects.</param>
/// <param name="IsOfBig">Whether it is about objects above a size.</param>
/// <param name="Days">After how many days current versions expire. 0 if at a date that is over. Null if they do not.</param>
internal sealed record ModelRule(
    string Prefix, string? Tag, bool IsOfBig, int? Days, bool RemovesMarkers, int? NoncurrentDays, int? Kept, int? AbortDays)
{
    private const int Big = 99;

    private static readonly DateTimeOffset Past = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private bool NeedsObject => Tag is not null || IsOfBig;

    public bool Expires(string key, ModelVersion version, DateTimeOffset now) => Matches(key, version)
        && (Days == 0 || (Days is { } days && End(version.Written, days) <= now));

    public bool RemovesMarker(string key, ModelVersion marker, DateTimeOffset now) => !NeedsObject && Matches(key, marker)
        && (RemovesMarkers || Days == 0 || (Days is { } days && End(marker.Written, days) <= now));

    /// <param name="newer">How many newer noncurrent versions there are.</param>
    /// <param name="since">Since when it is not current.</param>
    public bool RemovesNoncurrent(string key, ModelVersion version, int newer, DateTimeOffset since, DateTimeOffset now) =>
        NoncurrentDays is { } days && Matches(key, version) && newer >= (Kept ?? 0) && End(since, days) <= now;

    public bool Aborts(OpenUpload upload, DateTimeOffset now) => AbortDays is { } days
        && upload.Key.StartsWith(Prefix, StringComparison.Ordinal) && End(upload.Begun, days) <= now;

    public string Xml(int number)
    {
        var conditions = $"{(Prefix.Length == 0 ? "" : $"<Prefix>{Prefix}</Prefix>")}"
            + $"{(Tag is null ? "" : $"<Tag><Key>t</Key><Value>{Tag}</Value></Tag>")}"
            + $"{(IsOfBig ? $"<ObjectSizeGreaterThan>{Big}</ObjectSizeGreaterThan>" : "")}";
        var isSeveral = (Prefix.Length == 0 ? 0 : 1) + (Tag is null ? 0 : 1) + (IsOfBig ? 1 : 0) > 1;
        return string.Create(CultureInfo.InvariantCulture, $"<Rule><ID>r{number}</ID>"
            + $"<Filter>{(isSeveral ? $"<And>{conditions}</And>" : conditions)}</Filter><Status>Enabled</Status>"
            + $"{Element("Expiration", Days == 0 ? $"<Date>{Past:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}</Date>" : Element("Days", Days)
                + (RemovesMarkers ? "<ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker>" : ""))}"
            + $"{Element("NoncurrentVersionExpiration", Element("NoncurrentDays", NoncurrentDays)
                + Element("NewerNoncurrentVersions", Kept))}"
            + $"{Element("AbortIncompleteMultipartUpload", Element("DaysAfterInitiation", AbortDays))}</Rule>");
    }

    private bool Matches(string key, ModelVersion version) => key.StartsWith(Prefix, StringComparison.Ordinal)
        && (version.Object is not { } item ? !NeedsObject
            : (Tag is null || version.Tags == "t=" + Tag) && (!IsOfBig || item.Bytes.Length > Big));

    /// <summary>Days end at midnight.</summary>
    private static DateTimeOffset End(DateTimeOffset from, int days) =>
        from.AddDays(days) is { TimeOfDay.Ticks: 0 } whole ? whole : new(from.UtcDateTime.Date.AddDays(days + 1), TimeSpan.Zero);

    private static string Element(string name, int? value) =>
        value is { } number ? Element(name, number.ToString(CultureInfo.InvariantCulture)) : "";

    private static string Element(string name, string content) => content.Length == 0 ? "" : $"<{name}>{content}</{name}>";
}
