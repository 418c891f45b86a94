using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>Reads of written keys in a layer that knows the state of a key at no cost: the built-in store.</summary>
/// <param name="local">Reads the layer's objects.</param>
/// <param name="layer">Knows the state of keys.</param>
/// <param name="versions">Its versions; null if it never keeps any.</param>
public sealed class ResolvedReads(IS3Service local, ILayerState layer, ILocalVersions? versions) : IWrittenReads
{
    /// <summary>More often in a row a key does not go between two look-ups.</summary>
    private const int Attempts = 10;

    private readonly LocalObjects _objects = new(local, new EncryptedObjects(layer, versions));

    /// <inheritdoc/>
    public async Task<WrittenRead> TryReadAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var state = await layer.ResolveAsync(request.Bucket, request.Key, cancellationToken);
            if (!(request.Query["versionId"] is { Length: > 0 } version ? await IsLocalsAsync(request, version, cancellationToken)
                : state == KeyState.Written))
            {
                // A key that was written again keeps its tombstone: it has no version of the remote (rule V1).
                return state == KeyState.Deleted ? WrittenRead.Deleted with { Marker = await MarkerAsync(request, cancellationToken) }
                    : state == KeyState.Written && versions is not null
                        && await versions.FindTombstoneAsync(request.Bucket, request.Key, cancellationToken) is not null
                    ? WrittenRead.Deleted : WrittenRead.Nothing;
            }

            try
            {
                await local.HandleAsync(request, response, cancellationToken);
                return WrittenRead.Served;
            }
            catch (S3Exception gone) when (gone.Error.Status == StatusCodes.Status404NotFound && attempt < Attempts && !response.HasStarted)
            {
                // Deleted or reverted between the two look-ups. After a revert the remote shows: this 404 would be wrong.
            }
        }
    }

    /// <summary>A version or delete marker of the layer, whatever the key's state (rule V1).</summary>
    private async ValueTask<bool> IsLocalsAsync(S3Request request, string version, CancellationToken cancellationToken) =>
        await _objects.HeadAsync(request, request.Bucket, request.Key, cancellationToken, version) is { } found
            && (found.VersionId ?? "null") == version;

    /// <summary>The headers that show the marker of the delete; null for none.</summary>
    private async ValueTask<KeyValuePair<string, string>[]?> MarkerAsync(S3Request request, CancellationToken cancellationToken) =>
        versions is not null
            && (await versions.FindTombstoneAsync(request.Bucket, request.Key, cancellationToken))?.Marker is { } marker
            ? [new("x-amz-delete-marker", "true"), new("x-amz-version-id", marker)] : null;
}
