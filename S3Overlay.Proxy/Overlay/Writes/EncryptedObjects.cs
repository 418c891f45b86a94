using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// Objects that local shows to those alone who bring the key that they are encrypted with (SSE-C). Where nobody does, since the request is
/// of a kind that brings none, local's listings tell all that is to be known of them.
/// </summary>
/// <param name="layer">Lists what is written.</param>
/// <param name="versions">Lists versions; null where local never keeps any.</param>
public sealed class EncryptedObjects(ILayerState layer, ILocalVersions? versions)
{
    /// <summary>What the listings have of a key, or of one of its versions; null where they have none.</summary>
    public async ValueTask<LocalObject?> FindAsync(string bucket, string key, string? versionId, CancellationToken cancellationToken)
    {
        if (versions is not null && versionId is not null)
        {
            var isListed = false;
            await foreach (var row in versions.ListOfAsync(bucket, key, cancellationToken))
            {
                if (row.VersionId == versionId)
                {
                    return row.Object is { } version ? Of(version) with { VersionId = versionId } : null;
                }

                isListed = true;
            }

            if (isListed)
            {
                return null;
            }
        }

        // What has no versions is its null.
        return versionId is null or "null" ? await FindCurrentAsync(bucket, key, cancellationToken) : null;
    }

    private async ValueTask<LocalObject?> FindCurrentAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        await using var rows = layer.ListWritten(bucket, new ListingQuery(key, "", ListingPosition.Start, 1));
        return await rows.NextAsync(cancellationToken) is { Object: { } current } row && row.Name == key ? Of(current) : null;
    }

    private static LocalObject Of(ListedObject listed) => new(listed.ETag, listed.LastModified) { Size = listed.Size };
}
