using System.ComponentModel;
using System.Text.Json.Serialization;

namespace S3Overlay.Proxy.Administration.Explaining;

/// <summary>An explanation of a key, as a JSON document.</summary>
internal sealed record KeyExplanation
{
    public required string Bucket { get; init; }

    public required string Key { get; init; }

    [Description("True if clients see it; null if the remote decides and was not asked or did not answer.")]
    public required bool? Visible { get; init; }

    [Description("What x-s3overlay-layer says for a read of the whole object; null for none.")]
    public required string? Layer { get; init; }

    public required KeyReason Reason { get; init; }

    [Description("One sentence for people.")]
    public required string Why { get; init; }

    [Description("The object that was written here; null for none.")]
    public required WrittenVersion? Written { get; init; }

    [Description("The key's tombstone, outranked or not; null for none.")]
    public required TombstoneDate? Tombstone { get; init; }

    [Description("The cache entry; null for none.")]
    public required EntryState? Held { get; init; }

    [Description("The ranges of bytes that running fills bring, first and last, in order.")]
    public required IReadOnlyList<long[]> Coming { get; init; }

    [Description("What pins the key; null for nothing.")]
    public required PinState? Pin { get; init; }

    [Description("What the remote has; null if no remote backs the key.")]
    public required RemoteState? Remote { get; init; }

    /// <summary>The explanation that a report is about.</summary>
    public static KeyExplanation Of(string bucket, string key, KeyReport report) => new()
    {
        Bucket = bucket,
        Key = key,
        Visible = report.IsVisible,
        Layer = report.Layer,
        Reason = report.Reason,
        Why = WhyOf(report),
        Written = report.Written is { } written
            ? new(written.Size, written.ETag, written.LastModified, written.VersionId) : null,
        Tombstone = report.Tombstone is { } tombstone ? new(tombstone.Made) : null,
        Held = report.Cached is { } cached ? EntryState.Of(cached, report.Remote) : null,
        Coming = [.. report.OnTheirWay.Select(static range => (long[])[range.First, range.Last])],
        Pin = report.Pin is { } pin ? new(pin.IsPrefix ? null : pin.Name, pin.IsPrefix ? pin.Name : null) : null,
        Remote = report.Remote is { } remote ? RemoteState.Of(remote) : null,
    };

    private static string WhyOf(KeyReport report) => report switch
    {
        { Reason: KeyReason.Written, Tombstone: not null } =>
            "It was deleted and written again here: the write wins over the tombstone and the remote.",
        { Reason: KeyReason.Written } => "It was written here, which wins over the remote.",
        { Reason: KeyReason.Deleted } => "It was deleted here, which hides the remote's object until you undelete it.",
        { Reason: KeyReason.BucketDeleted } =>
            "Its bucket was deleted here, which hides everything the remote has in it until you undelete the bucket.",
        { Reason: KeyReason.Cached, Remote.Finding: RemoteFinding.Absent } =>
            "It is cached whole and read from the cache. The remote no longer has it: evict the entry to remove it.",
        { Reason: KeyReason.Cached, Cached: { } cached, Remote.Info: { } now } when !cached.IsOf(now) =>
            "It is cached and read from the cache. The remote now has another version: evict the entry to show that.",
        { Reason: KeyReason.PartlyCached, Remote.Finding: RemoteFinding.Absent } =>
            "Part of it is cached. The remote no longer has it, so the rest cannot be read: evict the entry to remove it.",
        { Reason: KeyReason.PartlyCached, Cached: { } cached, Remote.Info: { } now } when !cached.IsOf(now) =>
            "Part of it is cached. The remote now has another version, which a read of the rest will detect (503 RemoteChanged if entries "
            + "are frozen): evict the entry to show that.",
        { Reason: KeyReason.PartlyCached, Remote.Finding: RemoteFinding.Refused or RemoteFinding.Failed } =>
            "It is the remote's. Part of it is cached; the rest cannot be read while the remote does not return it.",
        { Reason: KeyReason.Cached, Cached.IsFresh: false } =>
            "It is the remote's, cached whole. The next read checks the entry against the remote first.",
        { Reason: KeyReason.Cached } => "It is the remote's, cached whole, and read from the cache.",
        { Reason: KeyReason.PartlyCached } => "It is the remote's. Part of it is cached; the rest is read from the remote.",
        { Reason: KeyReason.Remote, Cached.IsUsable: true } =>
            "It is the remote's. The cache has an older version, which the next read detects by asking the remote.",
        { Reason: KeyReason.Remote, Cached: not null } =>
            "It is the remote's. The cache entry is of another remote or another chunk size: the next read evicts it.",
        { Reason: KeyReason.Remote } => "It is the remote's, and not cached.",
        { Reason: KeyReason.Absent, Remote: null } => "It was never written here, or deleted since, and no remote backs the key.",
        { Reason: KeyReason.Absent, Cached.IsUsable: true } =>
            "The remote no longer has it. It is still cached, which the next read detects by asking the remote.",
        { Reason: KeyReason.Absent } => "It was neither written nor deleted here, and the remote has no such object.",
        { Cached.IsUsable: true } => "It is cached, and the next read asks the remote first: its response decides.",
        { Remote.Finding: RemoteFinding.NotAsked } =>
            "It was neither written nor deleted here, it is not cached, and the remote was not asked.",
        { Remote.Finding: RemoteFinding.Refused } =>
            "It was neither written nor deleted here, and the remote does not let the overlay look. Clients get what "
            + "S3_OVERLAY_REMOTE_FORBIDDEN says.",
        _ => "It was neither written nor deleted here, and the remote did not say what it has.",
    };
}

/// <summary>The object that was written here.</summary>
internal sealed record WrittenVersion(
    long Size,
    [property: JsonPropertyName("etag")] string ETag,
    DateTimeOffset LastModified,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? VersionId);

/// <summary>A tombstone.</summary>
internal sealed record TombstoneDate(
    [property: Description("When the key was deleted, if the store records it.")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? Deleted);

/// <summary>A pin.</summary>
internal sealed record PinState(
    [property: Description("The pinned key; null for a prefix.")] string? Key,
    [property: Description("The pinned prefix; null for a key, and empty for the whole bucket.")] string? Prefix);

/// <summary>A cache entry.</summary>
internal sealed record EntryState
{
    [Description("whole, or chunks if it is filled chunk by chunk.")]
    public required string Form { get; init; }

    [Description("Object bytes in the entry.")]
    public required long Bytes { get; init; }

    [Description("Size of the whole object.")]
    public required long Size { get; init; }

    [JsonPropertyName("etag")]
    public required string ETag { get; init; }

    public required DateTimeOffset LastModified { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? ChunkSize { get; init; }

    [Description("When the remote last confirmed the version.")]
    public required DateTimeOffset Validated { get; init; }

    [Description("Seconds since then.")]
    public required long Age { get; init; }

    [Description("False if reads cannot use it: the settings now name another remote or chunk size.")]
    public required bool Used { get; init; }

    [Description("True if reads use it without asking the remote (rule S1).")]
    public required bool Fresh { get; init; }

    [Description("The gapless ranges of cached bytes, first and last, in order; at most the first 10,000.")]
    public required IReadOnlyList<long[]> Runs { get; init; }

    [Description("True if the remote still has that version. Absent if the remote did not say.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Current { get; init; }

    public static EntryState Of(CacheReport cached, RemoteReport? remote) => new()
    {
        Form = cached.ChunkSize == 0 ? "whole" : "chunks",
        Bytes = cached.Bytes,
        Size = cached.Info.Size,
        ETag = cached.Info.ETag,
        LastModified = cached.Info.LastModified,
        ChunkSize = cached.ChunkSize > 0 ? cached.ChunkSize : null,
        Validated = cached.Validated,
        Age = (long)Math.Max(0, cached.Age.TotalSeconds),
        Used = cached.IsUsable,
        Fresh = cached.IsFresh,
        Runs = [.. cached.Runs.Select(static run => (long[])[run.First, run.Last])],
        Current = remote?.Info is { } now ? cached.IsOf(now) : null,
    };
}
