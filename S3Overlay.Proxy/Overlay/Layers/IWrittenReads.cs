using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// Reads of keys that are written in the writable layer. Apart from <see cref="ILayerState"/>, which could tell first what a key is, since
/// a store behind a network answers a read and tells that in one call.
/// </summary>
public interface IWrittenReads
{
    /// <summary>
    /// Answers a read of a key, or of one of its sub-resources, where local has what it asks for. Otherwise nothing has been answered, and
    /// the result tells, or will tell, whether the key was deleted here.
    /// </summary>
    /// <exception cref="S3Exception">What local says where the key is written.</exception>
    Task<WrittenRead> TryAnswerAsync(S3Request request, S3Response answer, CancellationToken cancellationToken);
}
