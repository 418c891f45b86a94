using System.ComponentModel;

using S3Overlay.Proxy.Overlay.Changes;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>GET diff</c>: what a key has here and at the remote, without the bytes.</summary>
internal sealed class DiffMethod : DocumentMethod<KeyDiff>
{
    private readonly ChangeReader _changes;
    private readonly ILocalChanges _local;

    public DiffMethod(ChangeReader changes, ILocalChanges local)
        : base("GET", "diff", "Returns size, ETag, headers and tags of a changed key, here and at the remote.")
    {
        (_changes, _local) = (changes, local);
        Parameters = [Parameter.Bucket with { IsRequired = true }, Parameter.Key with { IsRequired = true }];
    }

    /// <inheritdoc/>
    protected override async Task<(KeyDiff Document, string Result)> GetAsync(MethodCall call, CancellationToken cancellationToken)
    {
        var (bucket, key) = (call.Parameters.RequireBucket(), call.Parameters.Key ?? throw CallParameters.Wrong("key", "is missing"));
        if (await _changes.FindAsync(bucket, key, cancellationToken) is not { Place: { } place, Local: { } local } change)
        {
            await call.Targets.RequireAsync(call.Parameters.Target, cancellationToken);
            throw new S3Exception(S3Errors.NoSuchKey, $"{bucket}/{key} was neither written nor deleted here, so it is the remote's.");
        }

        var written = local.Written is null ? null
            : ObjectSide.Of(local.Written, await _local.TagsAsync(bucket, local, cancellationToken));
        var remote = await ChangeReader.HeadAsync(place, key, cancellationToken) is not { } info ? null
            : ObjectSide.Of(info, info.Header("x-amz-tagging-count") is { } and not "0"
                ? await Contents.RemoteTagsAsync(place, key, cancellationToken) : null);
        return (new KeyDiff(bucket, key, change.Kind, change.Upstream, written, remote), change.Kind.ToString());
    }
}

/// <summary>The two sides of a changed key.</summary>
internal sealed record KeyDiff(
    string Bucket,
    string Key,
    ChangeKind Kind,
    [property: Description("Whether the remote has changed since the key was first changed here.")] UpstreamState Upstream,
    [property: Description("The object written here; null if the key is deleted.")] ObjectSide? Written,
    [property: Description("The remote's object; null if it has none.")] ObjectSide? Remote);

/// <summary>An object without its bytes.</summary>
internal sealed record ObjectSide(
    [property: Description("Size and ETag.")] VersionInfo Version,
    [property: Description("Content type, other headers of the object, and its metadata.")] IReadOnlyDictionary<string, string> Headers,
    [property: Description("Its tags.")] IReadOnlyDictionary<string, string> Tags)
{
    public static ObjectSide Of(ObjectInfo info, string? tags)
    {
        var headers = new SortedDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in info.Headers.Where(static header => Contents.IsContent(header.Key)))
        {
            headers[name] = value;
        }

        return new ObjectSide(VersionInfo.Of(info)!, headers, new SortedDictionary<string, string>(
            Contents.TagsOf(tags).ToDictionary(static tag => tag.Name, static tag => tag.Value), StringComparer.Ordinal));
    }
}
