using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay;

/// <summary>
/// Maps failures of the remote to S3 errors (table F): never a 500, never a guess. Whether a missing object or part is an error depends on
/// the request; for reads see <see cref="Reading.RemoteReader"/>.
/// </summary>
public static class ClientErrors
{
    /// <summary>The S3 error for any failure.</summary>
    public static S3Exception Of(Exception failure) => failure switch
    {
        S3Exception error => error,
        RemoteException remote => OfRemote(remote),
        _ => new S3Exception(S3Errors.InternalError, cause: failure),
    };

    /// <summary>The S3 error for a failure of the remote.</summary>
    public static S3Exception OfRemote(RemoteException failure) => failure.Failure switch
    {
        RemoteFailure.Throttled => S3Exception.ForNow(S3Errors.SlowDown, 5, cause: failure),
        RemoteFailure.AccessDenied => new(S3Errors.AccessDenied, "The remote does not allow it.", failure),
        RemoteFailure.BadCredentials =>
            S3Exception.ForNow(S3Errors.ServiceUnavailable, 30, "The remote does not accept the overlay's credentials.", failure),
        RemoteFailure.Changed => S3Exception.ForNow(S3Errors.ServiceUnavailable, 1, "The object keeps changing at the remote.", failure),
        RemoteFailure.Drifted => S3Exception.ForNow(S3Errors.RemoteChanged, 60, cause: failure),
        RemoteFailure.Loop => new(
            new S3Error("LoopDetected", StatusCodes.Status508LoopDetected,
                "The remote of this server is this server itself, or leads back to it."), cause: failure),
        RemoteFailure.Other when failure.Status == S3Errors.NotImplemented.Status => new(S3Errors.NotImplemented, failure.Message, failure),
        RemoteFailure.Other when failure is { Status: >= 400 and < 500, Code.Length: > 0 } =>
            new(new S3Error(failure.Code, failure.Status, failure.Message), cause: failure) { Headers = failure.DeleteMarker },
        _ => S3Exception.ForNow(S3Errors.ServiceUnavailable, 2, "The remote could not be reached, or did not respond in time.", failure),
    };
}
