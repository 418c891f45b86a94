using Microsoft.Extensions.Logging;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reads;

/// <summary>What a client is told where the remote did not give an object (table F). The one place that decides it.</summary>
public sealed class RemoteFailures(ReadSettings settings, ILogger logger)
{
    /// <summary>Whether the failure is to be taken for "there is no such object".</summary>
    public bool MeansAbsent(RemoteException failure) =>
        failure.Failure is RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket
        || (failure.Failure == RemoteFailure.AccessDenied && settings.RemoteForbidden == RemoteForbidden.NotFound);

    /// <summary>The client's error for a failure.</summary>
    public S3Exception ToS3(RemoteException failure, S3Request request)
    {
        switch (failure.Failure)
        {
            case RemoteFailure.NoSuchKey:
                return failure.Code == S3Errors.NoSuchVersion.Code ? new(S3Errors.NoSuchVersion, cause: failure) : new(S3Errors.NoSuchKey, cause: failure);
            case RemoteFailure.NoSuchBucket:
                return new(S3Errors.NoSuchBucket, cause: failure);
            case RemoteFailure.AccessDenied when settings.RemoteForbidden == RemoteForbidden.NotFound:
                Log.RemoteRefused(logger, request.Bucket);
                return new(S3Errors.NoSuchKey, cause: failure);
            case RemoteFailure.AccessDenied:
                return new(S3Errors.AccessDenied, cause: failure);
            case RemoteFailure.InvalidRange:
                return ObjectAnswer.Unsatisfiable(request, failure.ActualSize ?? 0);
            case RemoteFailure.Throttled:
                return new(S3Errors.SlowDown, cause: failure) { Headers = RetryAfter("5") };
            case RemoteFailure.Changed:
                return new(S3Errors.ServiceUnavailable, "The object keeps changing at the remote.", failure) { Headers = RetryAfter("1") };
            case RemoteFailure.BadCredentials:
                return new(S3Errors.ServiceUnavailable, "The remote does not accept the overlay's credentials.", failure) { Headers = RetryAfter("30") };
            case RemoteFailure.Loop:
                return new(new S3Error("LoopDetected", 508, "The remote is this very proxy."), cause: failure);
            case RemoteFailure.Other when failure.Status == S3Errors.NotImplemented.Status:
                return new(S3Errors.NotImplemented, failure.Message, failure);
            case RemoteFailure.Other when failure.Status is >= 400 and < 500 && failure.Code.Length > 0:
                return new(new S3Error(failure.Code, failure.Status, failure.Message), cause: failure);
            default:
                return new(S3Errors.ServiceUnavailable, "The remote could not be reached, or did not answer in time.", failure) { Headers = RetryAfter("2") };
        }
    }

    private static KeyValuePair<string, string>[] RetryAfter(string seconds) => [new("Retry-After", seconds)];
}
