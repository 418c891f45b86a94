using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay;

/// <summary>What a client is told where the overlay needed the remote for something other than an object's bytes, and did not get it (table F): never a 500, never a guess.</summary>
public static class Failures
{
    /// <summary>The S3 error for a failure.</summary>
    public static S3Exception ToS3(Exception failure) => failure switch
    {
        S3Exception error => error,
        RemoteException remote => OfRemote(remote),
        _ => new S3Exception(S3Errors.InternalError, cause: failure),
    };

    private static S3Exception OfRemote(RemoteException failure) => failure.Failure switch
    {
        RemoteFailure.Throttled => new S3Exception(S3Errors.SlowDown, cause: failure) { Headers = RetryAfter("5") },
        RemoteFailure.AccessDenied => new S3Exception(S3Errors.AccessDenied, "The remote does not allow it.", failure),
        RemoteFailure.BadCredentials => new S3Exception(
            S3Errors.ServiceUnavailable, "The remote does not accept the overlay's credentials.", failure) { Headers = RetryAfter("30") },
        RemoteFailure.Loop => new S3Exception(
            new S3Error("LoopDetected", StatusCodes.Status508LoopDetected, "The remote of this server is this server itself."), cause: failure),
        RemoteFailure.Other when failure is { Status: >= 400 and < 500, Code.Length: > 0 } =>
            new S3Exception(new S3Error(failure.Code, failure.Status, failure.Message), cause: failure),
        _ => new S3Exception(S3Errors.ServiceUnavailable, "The remote could not be asked. Please try again.", failure) { Headers = RetryAfter("2") },
    };

    private static KeyValuePair<string, string>[] RetryAfter(string seconds) => [new("Retry-After", seconds)];
}
