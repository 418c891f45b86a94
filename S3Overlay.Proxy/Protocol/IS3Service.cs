namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// Answers one S3 request that the front door has authenticated and parsed: the embedded store, any S3 endpoint, or the overlay around one
/// of them.
/// </summary>
public interface IS3Service
{
    /// <summary>
    /// Answers <paramref name="request"/> on <paramref name="response"/>. Throws errors for the client as <see cref="S3Exception"/> before
    /// the response starts. After that it calls <see cref="S3Response.Abort"/>: only a cut connection shows that the body is incomplete.
    /// </summary>
    Task HandleAsync(S3Request request, S3Response response, CancellationToken cancellationToken);
}
