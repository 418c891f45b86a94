using Microsoft.Extensions.Logging;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Cache.Filling;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Maps a remote failure to the error of a read (table F); anything but a missing object is left to <see cref="ClientErrors"/>.
/// </summary>
public sealed class ReadErrors(ReadSettings settings, ILogger logger)
{
    /// <summary>True if the failure counts as "no such object".</summary>
    public bool MeansAbsent(RemoteException failure) =>
        failure.Failure is RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket
        || (failure.Failure == RemoteFailure.AccessDenied && settings.RemoteForbidden == RemoteForbidden.NotFound);

    /// <summary>The S3 error for a failure.</summary>
    public S3Exception Of(RemoteException failure, S3Request request)
    {
        switch (failure.Failure)
        {
            case RemoteFailure.NoSuchKey:
                return new(failure.Code == S3Errors.NoSuchVersion.Code ? S3Errors.NoSuchVersion : S3Errors.NoSuchKey, cause: failure);
            case RemoteFailure.NoSuchBucket:
                return new(S3Errors.NoSuchBucket, cause: failure);
            case RemoteFailure.AccessDenied when settings.RemoteForbidden == RemoteForbidden.NotFound
                && request.Operation is S3Operation.GetObject or S3Operation.HeadObject:
                Log.RemoteRefused(logger, request.Bucket);
                return new(S3Errors.NoSuchKey, cause: failure);
            case RemoteFailure.InvalidRange:
                return ObjectResponse.Unsatisfiable(request, failure.ActualSize ?? 0);
            default:
                return ClientErrors.OfRemote(failure);
        }
    }
}
