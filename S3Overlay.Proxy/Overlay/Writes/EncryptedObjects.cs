using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// Objects that the local layer shows only with the key they are encrypted with (SSE-C). For requests that carry no key, the local layer's
/// listings supply what is known.
/// </summary>
/// <param name="layer">Lists written objects.</param>
/// <param name="versions">Lists versions; null if the local layer never keeps any.</param>
public sealed class EncryptedObjects(ILayerState layer, ILocalVersions? versions)
{
    /// <summary>A key's or version's entry in the listings; null if there is none.</summary>
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

        // An object in a bucket without versions is its version null.
        return versionId is null or "null" ? await FindCurrentAsync(bucket, key, cancellationToken) : null;
    }

    private async ValueTask<LocalObject?> FindCurrentAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        await using var rows = layer.ListWritten(bucket, new ListingQuery(key, "", ListingPosition.Start, 1));
        return await rows.NextAsync(cancellationToken) is { Object: { } current } row && row.Name == key ? Of(current) : null;
    }

    private static LocalObject Of(ListedObject listed) => new(listed.ETag, listed.LastModified) { Size = listed.Size };
}
