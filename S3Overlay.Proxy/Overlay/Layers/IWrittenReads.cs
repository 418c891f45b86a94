using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// Reads of keys written in the local layer. Separate from <see cref="ILayerState"/>: a store behind a network reads and resolves a key in
/// one call.
/// </summary>
public interface IWrittenReads
{
    /// <summary>
    /// Serves a read of a key or one of its sub-resources if the local layer has it. Otherwise nothing is written, and the result says, now
    /// or later, whether the key was deleted here.
    /// </summary>
    /// <exception cref="S3Exception">The local layer's error for a written key.</exception>
    Task<WrittenRead> TryAnswerAsync(S3Request request, S3Response answer, CancellationToken cancellationToken);
}
