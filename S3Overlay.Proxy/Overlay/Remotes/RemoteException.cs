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

    /// <summary>A fresh exception for another waiter: one that is thrown to several would collect all their stacks.</summary>
    public RemoteException Anew() => new(Failure, Message, this)
    {
        Status = Status, Code = Code, LastModified = LastModified, ActualSize = ActualSize, DeleteMarker = DeleteMarker,
    };
}
