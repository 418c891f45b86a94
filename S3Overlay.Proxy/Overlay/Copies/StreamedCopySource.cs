using System.Globalization;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Overlay.Copies;

/// <summary>
/// A copy source whose bytes pass through this proxy. The current version of a remote-owned object is read through the cache. Other
/// versions, and objects with a client's own key (rule T1), are read straight from the remote. Also a local object that the local layer
/// cannot copy because source and target have different identities.
/// </summary>
public sealed class StreamedCopySource
{
    private const string TagCount = "x-amz-tagging-count";

    private readonly CopySource _source;
    private readonly RemoteBucket _remote;
    private readonly IRemoteReader? _reader;
    private readonly RequestBudget _budget;
    private readonly IReadOnlyList<KeyValuePair<string, string>> _clientKey;

    /// <summary>True if the remote returned the tags of its current version.</summary>
    private bool _hasReturnedTags;

    private StreamedCopySource(
        CopySource source, RemoteBucket remote, IRemoteReader? reader, RequestBudget budget, ObjectInfo info,
        IReadOnlyList<KeyValuePair<string, string>>? clientKey = null)
    {
        (_source, _remote, _reader, _budget, Info) = (source, remote, reader, budget, info);
        _clientKey = clientKey ?? [];
    }

    /// <summary>The client's bucket that contains it.</summary>
    public string Bucket => _source.Bucket;

    /// <summary>The version that is copied.</summary>
    public ObjectInfo Info { get; }

    /// <summary>The source's full-object checksum algorithm, which the copy gets as well; null for none.</summary>
    public ChecksumAlgorithm? Algorithm => Info is { ChecksumType: PartChecksums.FullObjectType, Checksums: [var checksum, ..] }
        ? checksum.Algorithm : null;

    /// <summary>True if the source changed or vanished while it was read; the caller may look it up once more.</summary>
    public static bool IsChange(Exception failure) =>
        failure is RemoteException
            { Failure: RemoteFailure.Changed or RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket };

    /// <summary>True if the request names a version other than the current one.</summary>
    public static bool NamesVersion(CopySource source) => source.VersionId is { Length: > 0 } and not "null";

    /// <summary>Finds the object; null if the remote has none.</summary>
    /// <param name="source">The source named by the request.</param>
    /// <param name="remote">Where it continues below.</param>
    /// <param name="reader">Reads through the cache.</param>
    /// <param name="mayBeStale">True if an expired entry will do while the remote is unreachable.</param>
    /// <param name="budget">The copy's total wait for the remote until bytes arrive.</param>
    /// <param name="cancellationToken">Cancels the copy.</param>
    /// <param name="clientKey">The SSE-C headers for reading it; null or empty for none.</param>
    public static async Task<StreamedCopySource?> FindAsync(
        CopySource source, RemoteBucket remote, IRemoteReader reader, bool mayBeStale, RequestBudget budget,
        CancellationToken cancellationToken, IReadOnlyList<KeyValuePair<string, string>>? clientKey = null)
    {
        if (clientKey is { Count: > 0 })
        {
            remote.RequireTls();
        }
        else if (!NamesVersion(source))
        {
            return await budget.AskAsync(token => CurrentAsync(source, remote, reader, mayBeStale, token), cancellationToken) is
                { } current
                ? new StreamedCopySource(source, remote, reader, budget, current)
                : null;
        }

        try
        {
            // The current version is called null here, whatever the remote calls it (rule V1).
            return await FindDirectAsync(NamesVersion(source) ? source : source with { VersionId = null }, remote, budget,
                cancellationToken, clientKey);
        }
        catch (RemoteException absent) when (absent.Failure is RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket)
        {
            return NamesVersion(source) ? throw new S3Exception(S3Errors.NoSuchVersion, cause: absent) : null;
        }
    }

    private static async Task<ObjectInfo?> CurrentAsync(CopySource source, RemoteBucket remote, IRemoteReader reader, bool mayBeStale,
        CancellationToken cancellationToken) =>
        await reader.HeadAsync(source.Bucket, source.Key, remote, mayBeStale, cancellationToken) is { } current
            ? await reader.WithChecksumsAsync(source.Bucket, source.Key, remote, current, cancellationToken)
            : null;

    /// <summary>Finds the object or version directly, without the cache.</summary>
    /// <exception cref="RemoteException">It does not exist or may not be read.</exception>
    public static async Task<StreamedCopySource> FindDirectAsync(
        CopySource source, RemoteBucket remote, RequestBudget budget, CancellationToken cancellationToken,
        IReadOnlyList<KeyValuePair<string, string>>? clientKey = null)
    {
        var read = new RemoteRead(remote.Name, remote.RemoteKey(source.Key)) { Query = VersionQuery(source), Headers = clientKey ?? [] };
        await using var version = await budget.AskAsync(token => remote.Remote.HeadAsync(read, token), cancellationToken);
        return new StreamedCopySource(source, remote, null, budget, version.Info, clientKey);
    }

    /// <summary>Runs a write whose body is the source's bytes, or a range of them. The read ends when the write ends.</summary>
    /// <param name="put">The write request; body and length are set here.</param>
    /// <param name="range">The bytes to copy; null for all.</param>
    /// <param name="algorithm">A checksum to compute on the way, or null.</param>
    /// <param name="write">Sends the write.</param>
    /// <param name="cancellationToken">Cancels the copy.</param>
    public async Task WriteAsync(
        S3Request put, ByteRange? range, ChecksumAlgorithm? algorithm, Func<S3Request, CancellationToken, Task> write,
        CancellationToken cancellationToken)
    {
        using var copying = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        S3Body? body = null;
        try
        {
            body = await OpenAsync(range, copying.Token);
            if (algorithm is { } summed)
            {
                body = new SummedBody(body, summed);
            }

            put.Headers["Content-Length"] = body.Length?.ToString(CultureInfo.InvariantCulture);
            await write(put with { Body = body }, copying.Token);
        }
        finally
        {
            await copying.CancelAsync();
            if (body is IAsyncDisposable open)
            {
                await open.DisposeAsync();
            }
        }
    }

    /// <summary>Opens the bytes, or a range of them, of exactly the version that was found and whose tags were read.</summary>
    public Task<S3Body> OpenAsync(ByteRange? range, CancellationToken cancellationToken) =>
        _budget.AskAsync(token => OpenInTimeAsync(range, token), cancellationToken);

    private async Task<S3Body> OpenInTimeAsync(ByteRange? range, CancellationToken cancellationToken)
    {
        if (_reader is not null)
        {
            return await _reader.OpenAsync(_source.Bucket, _source.Key, _remote, Info, range, isCurrent: _hasReturnedTags,
                cancellationToken);
        }

        var read = new RemoteRead(_remote.Name, _remote.RemoteKey(_source.Key))
        {
            Query = VersionQuery(_source),
            IfMatch = Info.ETag.Length > 0 ? Info.ETag : null,
            Range = range is { } part ? $"bytes={part.First}-{part.Last}" : null,
            Headers = _clientKey,
        };
        var found = await _remote.Remote.GetAsync(read, cancellationToken);
        if (found.Info.Size == Info.Size && found.Info.ETag == Info.ETag)
        {
            return new RemoteObjectBody(found, range?.Length ?? Info.Size);
        }

        await found.DisposeAsync();
        throw new RemoteException(RemoteFailure.Changed, "The remote responded with another version than requested.");
    }

    /// <summary>Removes the cache entry: it has gaps that can no longer be filled because the remote lost the version.</summary>
    public ValueTask ForgetAsync() => _reader?.InvalidateAsync(_source.Bucket, _source.Key) ?? ValueTask.CompletedTask;

    /// <summary>
    /// The source's tags for <c>x-amz-tagging</c>; null for none. Not requested if the client supplies its own. If the remote gave no tag
    /// count and refuses to return tags, the source counts as untagged; likewise if it does not respond and the object is fully cached.
    /// </summary>
    /// <param name="client">The copy request's headers.</param>
    /// <param name="refused">Called if the remote refuses and gave no tag count.</param>
    /// <param name="unasked">Called if the remote does not respond and gave no tag count.</param>
    /// <param name="cancellationToken">Cancels the copy.</param>
    /// <exception cref="RemoteException">As below; also if the remote cannot be reached or reported a tag count.</exception>
    public Task<string?> TagsAsync(IHeaderDictionary client, Action refused, Action unasked, CancellationToken cancellationToken) =>
        CopyHeaders.IsReplaced(client, "x-amz-tagging-directive") ? Task.FromResult<string?>(null)
            : Info.Header(TagCount) is null ? UncountedTagsAsync(refused, unasked, cancellationToken)
            : TagsAsync(cancellationToken);

    /// <summary>The source's tags for <c>x-amz-tagging</c>; null for none. Requested unless the remote said that there are none.</summary>
    /// <exception cref="RemoteException">The remote does not return them, or no longer has the object. Drifted if the frozen entry cannot
    /// supply them either.</exception>
    /// <exception cref="S3Exception">ServiceUnavailable: the response is not a tagging document.</exception>
    public async Task<string?> TagsAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Info.Header(TagCount) == "0" ? null : await AskTagsAsync(cancellationToken);
        }
        catch (RemoteException gone) when (_reader is not null && IsChange(gone))
        {
            throw await _reader.GoneAsync(_source.Bucket, _source.Key, _remote, Info, gone, cancellationToken);
        }
    }

    private async Task<string?> UncountedTagsAsync(Action refused, Action unasked, CancellationToken cancellationToken)
    {
        try
        {
            return await AskTagsAsync(cancellationToken);
        }
        catch (RemoteException failed) when (failed.Status == StatusCodes.Status404NotFound)
        {
            // The 404 is about the sub-resource or the object; reading the bytes will show which.
            return null;
        }
        catch (RemoteException unreachable)
            when (_reader is not null && unreachable is { Failure: RemoteFailure.Unavailable, Status: 0, IsNonsense: false })
        {
            if (!await _reader.IsCachedAsync(_source.Bucket, _source.Key, _remote, Info, cancellationToken))
            {
                throw;
            }

            // Only the tags need the remote. Few objects have any, so the copy goes on without them.
            unasked();
            return null;
        }
        catch (RemoteException failed) when (
            failed.Failure is RemoteFailure.AccessDenied or RemoteFailure.Other
            && failed.Status is StatusCodes.Status400BadRequest or StatusCodes.Status403Forbidden or StatusCodes.Status405MethodNotAllowed
                or StatusCodes.Status501NotImplemented)
        {
            if (failed.Status == StatusCodes.Status403Forbidden)
            {
                refused();
            }

            return null;
        }
    }

    private async Task<string?> AskTagsAsync(CancellationToken cancellationToken)
    {
        try
        {
            var tags = await _budget.AskAsync(ReadTagsAsync, cancellationToken);

            // "No tags" is about a version too, unless the remote does not support tags at all.
            _hasReturnedTags = tags is not null || Info.Header(TagCount) is not null;
            return tags;
        }
        catch (RemoteException none) when (none.Code == "NoSuchTagSet")
        {
            // Some stores answer 404 for an object without tags.
            _hasReturnedTags = true;
            return null;
        }
        catch (S3Exception malformed) when (malformed.Error == S3Errors.MalformedXml)
        {
            throw S3Exception.ForNow(S3Errors.ServiceUnavailable, 2, "The remote did not return the object's tags.", malformed);
        }
    }

    /// <summary>The remote's tags; empty if it has none, null if the response is not a tagging document.</summary>
    private async Task<string?> ReadTagsAsync(CancellationToken cancellationToken)
    {
        var query = _reader is null && VersionQuery(_source) is { Length: > 0 } version ? "tagging&" + version : "tagging";
        var read = new RemoteRead(_remote.Name, _remote.RemoteKey(_source.Key)) { Query = query };
        await using var response = await _remote.Remote.GetAsync(read, cancellationToken);
        if (Info.Header(TagCount) is null && Info.ETag.Length > 0 && response.Info.ETag == Info.ETag)
        {
            // Probably the object itself: a server that ignores the sub-resource.
            return null;
        }

        await using var body = new RemoteObjectBody(response, null);
        var root = await S3XmlReader.ReadAsync(body, cancellationToken);
        if (root is not null && root.Name.LocalName != "Tagging")
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        var tags = root?.Descendants().Where(element => element.Name.LocalName == "Tag")
            .Select(tag => UriEncoding.EncodeComponent(tag.ChildText("Key") ?? "") + "="
                + UriEncoding.EncodeComponent(tag.ChildText("Value") ?? ""));
        return tags is null ? null : string.Join('&', tags);
    }

    private static string VersionQuery(CopySource source) => source.VersionId is { Length: > 0 } version
        ? "versionId=" + UriEncoding.EncodeComponent(version) : "";
}

/// <summary>A remote object's bytes as a request body. If the length is known, the body ends only when all bytes came.</summary>
public sealed class RemoteObjectBody(RemoteObject source, long? length) : S3Body, IAsyncDisposable
{
    private long? _rest = length;

    /// <inheritdoc/>
    public override long? Length { get; } = length;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = await source.Body.ReadAsync(buffer, cancellationToken);
        _rest -= read;
        return _rest < 0 || (read == 0 && buffer.Length > 0 && _rest > 0)
            ? throw new S3Exception(S3Errors.ServiceUnavailable, "The remote did not send all bytes of the copy's source.")
            : read;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => source.DisposeAsync();
}
