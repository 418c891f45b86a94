namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>The remote did not give what was asked.</summary>
public sealed class RemoteException : Exception
{
    /// <summary>A failure with what the remote said of it.</summary>
    public RemoteException(RemoteFailure failure, string message, Exception? cause = null)
        : base(message, cause) => Failure = failure;

    /// <summary>What it means here.</summary>
    public RemoteFailure Failure { get; }

    /// <summary>The HTTP status, or 0 where there was no answer.</summary>
    public int Status { get; init; }

    /// <summary>The S3 code, or the empty string.</summary>
    public string Code { get; init; } = "";

    /// <summary>The date of the object's version, where a 304 told it; else null.</summary>
    public DateTimeOffset? LastModified { get; init; }

    /// <summary>Whether what came is no answer to what was asked, whatever its status says.</summary>
    public bool IsNonsense { get; init; }

    /// <summary>The object's size, where a 416 told it; else null.</summary>
    public long? ActualSize { get; init; }

    /// <summary>The headers that name a delete marker, where that is what was asked for by its version id; else none.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> DeleteMarker { get; init; } = [];

    /// <summary>The same failure for one more who waited for it: an exception that is thrown to many would have all their stacks.</summary>
    public RemoteException Anew() => new(Failure, Message, this)
    {
        Status = Status, Code = Code, LastModified = LastModified, ActualSize = ActualSize, DeleteMarker = DeleteMarker,
    };
}
