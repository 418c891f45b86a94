using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>A GET or HEAD of one remote object.</summary>
/// <param name="Bucket">The remote's bucket.</param>
/// <param name="Key">The remote's key.</param>
public sealed record RemoteRead(string Bucket, string Key)
{
    /// <summary>The Range header to send (<c>bytes=5-9</c>, <c>bytes=5-</c>, <c>bytes=-9</c>), or null for the whole object.</summary>
    public string? Range { get; init; }

    /// <summary>The ETag the response must have, or null for any version.</summary>
    public string? IfMatch { get; init; }

    /// <summary>An ETag that need not be sent again (revalidation), or null.</summary>
    public string? IfNoneMatch { get; init; }

    /// <summary>The query to send (<c>partNumber=2</c>, <c>versionId=...</c>), percent-encoded, or the empty string.</summary>
    public string Query { get; init; } = "";

    /// <summary>True if the request is for one part of the object.</summary>
    public bool NamesPart => Query.StartsWith("partNumber=", StringComparison.Ordinal)
        || Query.Contains("&partNumber=", StringComparison.Ordinal);

    /// <summary>The same request for the whole object or version, without the part number.</summary>
    public RemoteRead WithoutPart() =>
        NamesPart ? this with { Query = string
            .Join('&', Query.Split('&').Where(static item => !item.StartsWith("partNumber=", StringComparison.Ordinal))) } : this;

    /// <summary>More headers to send, such as those of SSE-C.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>A range as a header value.</summary>
    internal static string Text(ByteRange range) => FormattableString.Invariant($"bytes={range.First}-{range.Last}");

    /// <summary>A client's range as a header value; null for the whole object.</summary>
    internal static string? Text(RangeHeader? range) => range switch
    {
        { Suffix: { } suffix } => FormattableString.Invariant($"bytes=-{suffix}"),
        { First: { } first, Last: { } last } => FormattableString.Invariant($"bytes={first}-{last}"),
        { First: { } first } => FormattableString.Invariant($"bytes={first}-"),
        _ => null,
    };
}

/// <summary>The outcome of a question to the remote.</summary>
internal interface IRemoteOutcome
{
    /// <summary>Why there is no object; null if there is one.</summary>
    RemoteException? Failure { get; }
}

/// <summary>The object that a GET or HEAD found, or why there is none. Missing objects are common, so failures are not thrown.</summary>
/// <param name="Found">The object; null after a failure.</param>
/// <param name="Failure">Why there is none; else null.</param>
public readonly record struct RemoteResult(RemoteObject? Found, RemoteException? Failure = null) : IRemoteOutcome
{
    /// <summary>The object was found.</summary>
    public static implicit operator RemoteResult(RemoteObject found) => new(found);

    /// <summary>There is no object.</summary>
    public static implicit operator RemoteResult(RemoteException failure) => new(null, failure);

    /// <summary>The object.</summary>
    /// <exception cref="RemoteException">There is none.</exception>
    public RemoteObject OrThrow() => Found ?? throw Failure!;
}

/// <summary>
/// The remote's response to a GET or HEAD. Disposing it returns the connection, or closes it if the body was not read to its end.
/// </summary>
public sealed class RemoteObject : IAsyncDisposable
{
    private readonly Func<ValueTask>? _dispose;

    /// <summary>A response with a body; <paramref name="dispose"/> runs after the body is disposed.</summary>
    public RemoteObject(ObjectInfo info, int status, ByteRange? range, Stream body, Func<ValueTask>? dispose = null)
    {
        Info = info;
        Status = status;
        Range = range;
        Body = body;
        _dispose = dispose;
    }

    /// <summary>The whole object's size, ETag, date and headers, whatever range was requested.</summary>
    public ObjectInfo Info { get; }

    /// <summary>200 or 206.</summary>
    public int Status { get; }

    /// <summary>The bytes in the body; null if there are none (HEAD, empty object). For a HEAD of a part: the part's range.</summary>
    public ByteRange? Range { get; }

    /// <summary>
    /// Exactly the bytes of <see cref="Range"/>. A break, a stall or a short body is repaired by requesting the rest with If-Match. Throws
    /// <see cref="RemoteException"/> when the budget is spent or the object changed.
    /// </summary>
    public Stream Body { get; }

    /// <summary>Skips bytes before the first one wanted, if the remote ignored the range.</summary>
    /// <exception cref="RemoteException">The response does not contain the first byte wanted.</exception>
    internal async ValueTask SkipToAsync(long first, Memory<byte> scratch, CancellationToken cancellationToken)
    {
        if (Range is not { } range || range.First > first || range.Last < first)
        {
            throw new RemoteException(RemoteFailure.BodyBroken, "The remote responded with other bytes than requested.");
        }

        for (var skip = first - range.First; skip > 0;)
        {
            var read = await Body.ReadAsync(scratch[..(int)Math.Min(skip, scratch.Length)], cancellationToken);
            skip -= read > 0 ? read : throw new RemoteException(RemoteFailure.BodyBroken, "The remote's response ended early.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Body.DisposeAsync();
        if (_dispose is not null)
        {
            await _dispose();
        }
    }
}
