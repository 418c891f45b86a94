namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>A failed call to the remote.</summary>
public sealed class RemoteException : Exception
{
    /// <summary>A failure with what the remote said.</summary>
    public RemoteException(RemoteFailure failure, string message, Exception? cause = null)
        : base(message, cause) => Failure = failure;

    /// <summary>What it means here.</summary>
    public RemoteFailure Failure { get; }

    /// <summary>The HTTP status, or 0 without a response.</summary>
    public int Status { get; init; }

    /// <summary>The S3 error code, or the empty string.</summary>
    public string Code { get; init; } = "";

    /// <summary>The version's date if a 304 gave it; else null.</summary>
    public DateTimeOffset? LastModified { get; init; }

    /// <summary>True if the response was no valid answer to the request, whatever its status.</summary>
    public bool IsNonsense { get; init; }

    /// <summary>The object's size if a 416 gave it; else null.</summary>
    public long? ActualSize { get; init; }

    /// <summary>Headers that describe a delete marker, if the request named one by version id; else empty.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> DeleteMarker { get; init; } = [];

    /// <summary>True if a request with If-Match failed because the version is gone.</summary>
    public bool MeansGone =>
        Failure is RemoteFailure.Changed or RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket or RemoteFailure.InvalidRange;

    /// <summary>A fresh exception for another waiter: one that is thrown to several would collect all their stacks.</summary>
    public RemoteException Anew() => new(Failure, Message, this)
    {
        Status = Status, Code = Code, LastModified = LastModified, ActualSize = ActualSize, DeleteMarker = DeleteMarker,
    };
}

/// <summary>Why a call to the remote failed, in the overlay's terms.</summary>
public enum RemoteFailure
{
    /// <summary>No connection, no response in time, or 5xx until the budget was spent.</summary>
    Unavailable,

    /// <summary>Throttled until the budget was spent.</summary>
    Throttled,

    /// <summary>404 NoSuchKey (or a HEAD's bare 404).</summary>
    NoSuchKey,

    /// <summary>404 NoSuchBucket.</summary>
    NoSuchBucket,

    /// <summary>403 AccessDenied on this object or bucket.</summary>
    AccessDenied,

    /// <summary>The overlay's own credentials, signature or clock are wrong: the operator has to fix this.</summary>
    BadCredentials,

    /// <summary>412: the version is not the one named by If-Match.</summary>
    Changed,

    /// <summary>The remote's version differs from the frozen cache entry, which is never replaced.</summary>
    Drifted,

    /// <summary>304: the version named by If-None-Match is current.</summary>
    NotModified,

    /// <summary>416: no byte of the range exists.</summary>
    InvalidRange,

    /// <summary>The body broke and could not be repaired within its budget.</summary>
    BodyBroken,

    /// <summary>A response meant for the client (InvalidObjectState, KMS): passed on with its own code.</summary>
    Other,

    /// <summary>The remote is this very proxy.</summary>
    Loop,
}
