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
}

/// <summary>Builds requests to the remote.</summary>
internal static class RemoteReads
{
    /// <summary>The whole object, whatever version is current.</summary>
    public static RemoteRead Whole(RemoteBucket remote, string key) => new(remote.Name, remote.RemoteKey(key));

    /// <summary>A range of exactly one version.</summary>
    public static RemoteRead Of(RemoteBucket remote, string key, string etag, ByteRange range) =>
        Whole(remote, key) with { IfMatch = etag, Range = Text(range) };

    /// <summary>A range as a header value.</summary>
    public static string Text(ByteRange range) => FormattableString.Invariant($"bytes={range.First}-{range.Last}");

    /// <summary>A client's range as a header value; null for the whole object.</summary>
    public static string? Text(RangeHeader? range) => range switch
    {
        null => null,
        { Suffix: { } suffix } => FormattableString.Invariant($"bytes=-{suffix}"),
        { First: { } first, Last: { } last } => FormattableString.Invariant($"bytes={first}-{last}"),
        { First: { } first } => FormattableString.Invariant($"bytes={first}-"),
        _ => null,
    };

    /// <summary>True if a failed request with If-Match means that the version is gone.</summary>
    public static bool MeansGone(RemoteException failure) =>
        failure.Failure is RemoteFailure.Changed or RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket or RemoteFailure.InvalidRange;

    /// <summary>An object's current metadata.</summary>
    /// <exception cref="RemoteException">The remote did not return it.</exception>
    public static async Task<ObjectInfo> HeadAsync(RemoteBucket remote, string key, CancellationToken cancellationToken)
    {
        await using var head = await remote.Remote.HeadAsync(Whole(remote, key), cancellationToken);
        return head.Info;
    }

    /// <summary>Skips bytes before the first one wanted, if the remote ignored the range.</summary>
    /// <exception cref="RemoteException">The response does not contain the first byte wanted.</exception>
    public static async ValueTask SkipToAsync(RemoteObject source, long first, Memory<byte> scratch, CancellationToken cancellationToken)
    {
        if (source.Range is not { } range || range.First > first || range.Last < first)
        {
            throw new RemoteException(RemoteFailure.BodyBroken, "The remote responded with other bytes than requested.");
        }

        for (var skip = first - range.First; skip > 0;)
        {
            var read = await source.Body.ReadAsync(scratch[..(int)Math.Min(skip, scratch.Length)], cancellationToken);
            if (read == 0)
            {
                throw new RemoteException(RemoteFailure.BodyBroken, "The remote's response ended early.");
            }

            skip -= read;
        }
    }
}
