using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay;

/// <summary>What a failure is to a client where it cannot be thrown any more: one key among many, or an answer that has started.</summary>
public static class Failures
{
    /// <summary>The S3 error for a failure.</summary>
    public static S3Exception ToS3(Exception failure) => failure switch
    {
        S3Exception error => error,
        RemoteException remote => new S3Exception(S3Errors.ServiceUnavailable, "The remote could not be asked.", remote),
        _ => new S3Exception(S3Errors.InternalError, cause: failure),
    };
}
