using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;

using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Changes;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>GET changes</c>: what was written and deleted here, compared with what the remote has now.</summary>
internal sealed class ChangesMethod : ListMethod<ChangeLine>
{
    private readonly ChangeReader _changes;

    public ChangesMethod(ChangeReader changes)
        : base("changes", "Lists what was written and deleted here, compared with what the remote has now.")
    {
        _changes = changes;
        Parameters = [Parameter.Bucket with { Description = "The bucket; every bucket with a remote without it." }, Parameter.Key,
            Parameter.Prefix];
    }

    /// <inheritdoc/>
    protected override async IAsyncEnumerable<ChangeLine> ListAsync(
        MethodCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (bucket, key, prefix) = (call.Parameters.Bucket, call.Parameters.Key, call.Parameters.Prefix);
        if (bucket is null && (key ?? prefix) is not null)
        {
            throw CallParameters.Wrong("bucket", "is missing");
        }

        if (key is not null && prefix is not null)
        {
            throw CallParameters.Wrong("prefix", "cannot be combined with \"key\"");
        }

        await foreach (var change in _changes.ListAsync(new AdministrationScope(bucket, key, prefix), cancellationToken))
        {
            yield return ChangeLine.Of(change);
        }
    }
}

/// <summary>A change.</summary>
internal sealed record ChangeLine(
    string Bucket,
    [property: Description("The key; null if the bucket itself was deleted.")] string? Key,
    ChangeKind Kind,
    [property: Description("Whether the remote has changed since the key was first changed here.")] UpstreamState Upstream,
    [property: Description("When it was written or deleted here, if the store records it.")] DateTimeOffset? At,
    [property: Description("The written object; null if the key is deleted.")] VersionInfo? Written,
    [property: Description("The remote's object that the change hides, as far as it is known.")] BaseInfo? Base,
    [property: Description("The remote's object now; null if it has none.")] VersionInfo? Remote,
    [property: Description("Where the key continues; null for a bucket.")] PlaceInfo? Place,
    [property: Description("Identifies this change: a revert with it as \"only\" undoes no later one.")] string? Stamp)
{
    public static ChangeLine Of(Change change) => new(
        change.Bucket, change.Key, change.Kind, change.Upstream, change.Local?.At,
        VersionInfo.Of(change.Local?.Written), BaseInfo.Of(change.Local?.Base), VersionInfo.Of(change.Remote),
        change is { Place: { } place, Key: { } key }
            ? new PlaceInfo(place.Remote.Name, place.Remote.Endpoint, place.Name, place.RemoteKey(key)) : null,
        change.Local is { } local ? local.Written is null ? local.Tombstone?.Stamp : local.Stamp : null);
}

/// <summary>A version of an object.</summary>
internal sealed record VersionInfo(long Size, [property: JsonPropertyName("etag")] string ETag, DateTimeOffset? Modified)
{
    public static VersionInfo? Of(ObjectInfo? info) => info is null ? null
        : new VersionInfo(info.Size, info.ETag, info.LastModified > DateTimeOffset.UnixEpoch ? info.LastModified : null);
}

/// <summary>What a change hides.</summary>
internal sealed record BaseInfo(
    [property: Description("True if the remote had no such key.")] bool Absent,
    [property: Description("The remote's object; null if it had none, or nothing is known of it.")] VersionInfo? Object,
    [property: Description("When the key was first changed here, if nothing else is known.")] DateTimeOffset? UnknownSince)
{
    public static BaseInfo? Of(RemoteBase? known) => known is null ? null : new BaseInfo(
        known.IsAbsent,
        known.IsAbsent || known.IsUnknown ? null
            : new VersionInfo(known.Size, known.ETag, known.Date > DateTimeOffset.UnixEpoch ? known.Date : null),
        known.IsUnknown ? known.Date : null);

    /// <summary>The base that it describes; null if there can be none like it.</summary>
    public RemoteBase? ToBase()
    {
        var known = (Absent, Object, UnknownSince) switch
        {
            (true, null, null) => RemoteBase.Absent,
            (false, { Size: >= 0 } was, null) => new RemoteBase(was.ETag, was.Size, was.Modified ?? DateTimeOffset.UnixEpoch),
            (false, null, { } since) => RemoteBase.UnknownSince(since),
            _ => null,
        };
        return known?.ToText() is { } text && RemoteBase.Parse(text) == known ? known : null;
    }
}

/// <summary>A key's place at a remote.</summary>
internal sealed record PlaceInfo(
    [property: Description("The remote's name in the settings; empty for the one without a name.")] string Remote,
    string Endpoint, string Bucket, string Key);
