using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Overlay.Changes;

/// <summary>Compares a written object with the remote's: bytes by ETag or checksum, then metadata and tags (rule P2).</summary>
/// <remarks>
/// A HEAD is sent only if size and ETag do not decide. It counts the remote's tags, also for S3 (HeadObject, <c>x-amz-tagging-count</c>):
/// without a count there are none to see. They are requested only if both objects have tags, and as many.
/// </remarks>
internal sealed class Contents(ILocalChanges changes)
{
    private const string TagCount = "x-amz-tagging-count";
    private const string DefaultType = "binary/octet-stream";

    private static readonly string[] Compared =
        ["Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires", "x-amz-website-redirect-location"];

    /// <summary>True if size and ETags prove that the bytes differ, without a request.</summary>
    public static bool Differ(ObjectInfo written, ListedObject row) => written.Size != row.Size
        || (!AreSame(written.ETag, row.ETag) && HasMd5(written) && IsMd5(row.ETag));

    /// <summary>
    /// Compares with the remote's object as a HEAD showed it. Objects in several parts, or encrypted ones, may have different ETags for
    /// equal bytes: only equal checksums prove those.
    /// </summary>
    public async ValueTask<ChangeKind> CompareAsync(string bucket, LocalChange change, RemoteBucket place, ObjectInfo remote,
        CancellationToken cancellationToken)
    {
        var written = change.Written!;
        if (written.Size != remote.Size || !(AreSame(written.ETag, remote.ETag) || HaveSameChecksum(written, remote)))
        {
            return ChangeKind.Overwritten;
        }

        return HaveSameMetadata(written, remote) && await HaveSameTagsAsync(bucket, change, place, remote, cancellationToken)
            ? ChangeKind.Same : ChangeKind.MetadataOnly;
    }

    /// <summary>True for a header that belongs to the object itself: its type, its other content headers, its metadata.</summary>
    public static bool IsContent(string header) => header.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)
        || Compared.Contains(header, StringComparer.OrdinalIgnoreCase)
        || header.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase);

    private static bool AreSame(string left, string right) => ETags.IsStrong(left) && ETags.IsStrong(right) && ETags.Same(left, right);

    /// <summary>False too for an ETag that only looks like an MD5: with a client's key or one of KMS it is none.</summary>
    private static bool HasMd5(ObjectInfo info) => IsMd5(info.ETag) && info.Header(ClientKeys.Algorithm) is null
        && info.Header("x-amz-server-side-encryption")?.StartsWith("aws:kms", StringComparison.OrdinalIgnoreCase) != true;

    private static bool IsMd5(string etag) => ETags.Bare(etag) is { Length: 32 } bare && !bare.ContainsAnyExcept("0123456789abcdefABCDEF");

    private static bool HaveSameChecksum(ObjectInfo left, ObjectInfo right) =>
        left.ChecksumType == PartChecksums.FullObjectType && right.ChecksumType == PartChecksums.FullObjectType
        && left.Checksums.Any(one => right.Checksums.Any(other => other == one));

    private static bool HaveSameMetadata(ObjectInfo left, ObjectInfo right) =>
        (left.Header("Content-Type") ?? DefaultType) == (right.Header("Content-Type") ?? DefaultType)
        && Array.TrueForAll(Compared, name => left.Header(name) == right.Header(name))
        && Own(left).SequenceEqual(Own(right));

    private static IEnumerable<(string, string)> Own(ObjectInfo info) => info.Headers
        .Where(static header => header.Key.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase))
        .Select(static header => (Name: header.Key.ToLowerInvariant(), header.Value))
        .OrderBy(static header => header.Name, StringComparer.Ordinal);

    private async ValueTask<bool> HaveSameTagsAsync(string bucket, LocalChange change, RemoteBucket place, ObjectInfo remote,
        CancellationToken cancellationToken)
    {
        var own = TagsOf(await changes.TagsAsync(bucket, change, cancellationToken));
        var count = remote.Header(TagCount) ?? "0";
        if (count != own.Count.ToString(System.Globalization.CultureInfo.InvariantCulture))
        {
            return false;
        }

        return own.Count == 0 || await RemoteTagsAsync(place, change.Key, cancellationToken) is { } theirs && TagsOf(theirs).SetEquals(own);
    }

    /// <summary>The tags of the remote's object as a query string; null if it shows none.</summary>
    public static async ValueTask<string?> RemoteTagsAsync(RemoteBucket place, string key, CancellationToken cancellationToken)
    {
        try
        {
            await using var found = await place.Remote.GetAsync(place.Read(key) with { Query = "tagging" }, cancellationToken);
            var document = await S3XmlReader.ReadAsync(new Copies.RemoteObjectBody(found, null), cancellationToken);
            return TagDocuments.ToQuery(document);
        }
        catch (Exception unknown) when (unknown is S3Exception
            or RemoteException { Failure: RemoteFailure.AccessDenied or RemoteFailure.NoSuchKey or RemoteFailure.Other })
        {
            return null;
        }
    }

    /// <summary>The tags in a query string.</summary>
    public static HashSet<(string Name, string Value)> TagsOf(string? query) =>
        query is null ? [] : [.. S3Query.Parse(query).Parameters.Select(static tag => (tag.Key, tag.Value ?? ""))];
}
