using System.ComponentModel;
using System.Text.Json.Serialization;

namespace S3Overlay.Proxy.Administration.Explaining;

/// <summary>An explanation of a bucket, as a JSON document.</summary>
internal sealed record BucketExplanation
{
    public required string Bucket { get; init; }

    [Description("True if clients see it; null if the remote did not say.")]
    public required bool? Visible { get; init; }

    [Description("One sentence for people.")]
    public required string Why { get; init; }

    [Description("True if it has a local half.")]
    public required bool Local { get; init; }

    [Description("True if the settings name it.")]
    public required bool Mapped { get; init; }

    [Description("True if it was deleted here.")]
    public required bool Deleted { get; init; }

    [Description("Where it continues; null without a remote.")]
    public required RemoteState? Remote { get; init; }

    [Description("Prefixes that another remote backs.")]
    public required IReadOnlyList<RemoteState> Parts { get; init; }

    /// <summary>The explanation that a report is about.</summary>
    public static BucketExplanation Of(string bucket, BucketReport report) => new()
    {
        Bucket = bucket,
        Visible = report.IsVisible,
        Why = WhyOf(report),
        Local = report.State.Exists,
        Mapped = report.IsMapped,
        Deleted = report.State.IsOpaque,
        Remote = report.Remote is { } remote ? RemoteState.Of(remote) : null,
        Parts = [.. report.Parts.Select(static part => RemoteState.Of(part) with { ClientPrefix = part.Bucket.ClientPrefix })],
    };

    private static string WhyOf(BucketReport report) => report switch
    {
        { State: { Exists: true, IsOpaque: true } } =>
            "It was deleted here and created again: the remote stays hidden until you undelete the bucket.",
        { State.IsOpaque: true } => "It was deleted here: the remote stays hidden until you undelete the bucket.",
        { State: { Exists: true, IsOpaque: false }, Remote: null, Parts.Count: > 0 } =>
            "It is here, and continues at remotes under some prefixes; all else in it is local only.",
        { State.IsOpaque: false, Remote: null, Parts.Count: > 0 } =>
            "The settings map some of its prefixes; it has no local half until something is written to it, and all else in it is "
            + "local only.",
        { State.Exists: true, Remote: null } => "It is here, and has no remote.",
        { State.Exists: true } => "It has a local half, and continues at the remote.",
        { Remote: null } => "It is not here, and has no remote.",
        { IsMapped: true } => "The settings map it; it has no local half until something is written to it.",
        { IsVisible: true } => "The remote has it under this name; it has no local half until something is written to it.",
        { IsVisible: false } => "It is not here, and the remote has no such bucket.",
        _ => "It is not here, and the remote was not asked or did not say.",
    };
}

/// <summary>What the remote has of a key or bucket.</summary>
internal sealed record RemoteState
{
    [JsonPropertyName("of")]
    [Description("The prefix of the client's keys that continue there.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ClientPrefix { get; init; }

    public required string Endpoint { get; init; }

    public required string Bucket { get; init; }

    [Description("The key there.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Key { get; init; }

    [Description("For a bucket: the prefix of its keys there.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Prefix { get; init; }

    public required RemoteFinding Found { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Size { get; init; }

    [JsonPropertyName("etag")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ETag { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? LastModified { get; init; }

    [Description("Why the remote could not be used.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Problem { get; init; }

    public static RemoteState Of(RemoteReport report) => new()
    {
        Endpoint = report.Bucket.Remote.Endpoint,
        Bucket = report.Bucket.Name,
        Key = report.Key,
        Prefix = report.Key is null ? report.Bucket.KeyPrefix : null,
        Found = report.Finding,
        Size = report.Info?.Size,
        ETag = report.Info?.ETag,
        LastModified = report.Info?.LastModified,
        Problem = report.Problem,
    };
}
