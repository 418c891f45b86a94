namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// Answers one S3 request that the front door has already authenticated and understood. The front door cannot tell which
/// implementation it serves: the embedded store, any S3 endpoint, or the overlay around one of those.
/// </summary>
public interface IS3Service
{
    /// <summary>
    /// Answers <paramref name="request"/> on <paramref name="answer"/>. A failure that a client should see is thrown as an
    /// <see cref="S3Exception"/> before the answer has started; after that the service calls <see cref="S3Response.Abort"/>, since a
    /// cut connection is the only honest ending left.
    /// </summary>
    Task HandleAsync(S3Request request, S3Response answer, CancellationToken cancellationToken);
}
