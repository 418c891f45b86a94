using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>Reads from the connection, and separates clients that broke off from failures of this server.</summary>
internal static class RawBody
{
    public static async ValueTask<int> ReadAsync(Stream stream, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.ReadAsync(buffer, cancellationToken);
        }
        catch (BadHttpRequestException failure)
        {
            throw failure.StatusCode switch
            {
                StatusCodes.Status408RequestTimeout => new S3Exception(S3Errors.RequestTimeout, cause: failure),
                StatusCodes.Status413PayloadTooLarge => new S3Exception(S3Errors.EntityTooLarge, cause: failure),
                _ => BrokenOff(failure),
            };
        }
        catch (IOException failure)
        {
            // The connection was reset. The client is gone, but this server did not fail.
            throw BrokenOff(failure);
        }
    }

    public static S3Exception BrokenOff(Exception? cause = null) =>
        new(S3Errors.IncompleteBody, "The request body terminated unexpectedly", cause);
}
