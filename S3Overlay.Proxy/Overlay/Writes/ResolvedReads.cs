using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>Reads of written keys in a layer that knows the state of a key at no cost: the built-in store.</summary>
public sealed class ResolvedReads(IS3Service local, ILayerState layer) : IWrittenReads
{
    private readonly LocalObjects _objects = new(local, new EncryptedObjects(layer, null));

    /// <inheritdoc/>
    public async Task<WrittenRead> TryReadAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        switch (await layer.ResolveAsync(request.Bucket, request.Key, cancellationToken))
        {
            case KeyState.Written when request.Query["versionId"] is not ({ Length: > 0 } and not "null" and { } version)
                || await IsLocalsAsync(request, version, cancellationToken):
                await local.HandleAsync(request, response, cancellationToken);
                return WrittenRead.Served;
            case KeyState.Deleted:
                return WrittenRead.Deleted;
            default:
                return WrittenRead.Nothing;
        }
    }

    private async ValueTask<bool> IsLocalsAsync(S3Request request, string version, CancellationToken cancellationToken) =>
        await _objects.HeadAsync(request, request.Bucket, request.Key, cancellationToken, version) is { } found
            && found.VersionId == version;
}
