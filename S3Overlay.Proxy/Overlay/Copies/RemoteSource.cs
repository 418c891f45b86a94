using System.Globalization;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Cache.Filling;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Copies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Overlay.Copies;

/// <summary>
/// An object that is copied by way of this server: a remote-owned one, its current version by way of what is held, another version, and
/// what a client's own key is to be read with (rule T1), straight from the remote; or one of local's that local cannot copy, since its
/// reader and the copy's writer are two of its users.
/// </summary>
public sealed class RemoteSource
{
    private const string TagCount = "x-amz-tagging-count";

    private readonly CopySource _source;
    private readonly RemoteBucket _remote;
    private readonly IRemoteReader? _reader;
    private readonly RequestBudget _patience;
    private readonly IReadOnlyList<KeyValuePair<string, string>> _clientKey;

    /// <summary>Whether the remote told the tags of its current version, whichever that was.</summary>
    private bool _hasToldTags;

    private RemoteSource(
        CopySource source, RemoteBucket remote, IRemoteReader? reader, RequestBudget patience, ObjectInfo info,
        IReadOnlyList<KeyValuePair<string, string>>? clientKey = null)
    {
        _patience = patience;
        _clientKey = clientKey ?? [];
        _source = source;
        _remote = remote;
        _reader = reader;
        Info = info;
    }

    /// <summary>The client's bucket that it is in.</summary>
    public string Bucket => _source.Bucket;

    /// <summary>The version that is copied.</summary>
    public ObjectInfo Info { get; }

    /// <summary>
    /// The kind of checksum that the source has over the whole of itself, which a copy of it is given too; null for none.
    /// </summary>
    public ChecksumAlgorithm? Algorithm => Info is { ChecksumType: PartChecksums.FullObjectType, Checksums: [var checksum, ..] }
        ? checksum.Algorithm : null;

    /// <summary>Whether the source got another version, or went, while it was read: it may be looked for once more.</summary>
    public static bool IsChange(Exception failure) =>
        failure is VersionChangedException or RemoteException
            { Failure: RemoteFailure.Changed or RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket };

    /// <summary>Whether the request names a version other than the current one.</summary>
    public static bool NamesVersion(CopySource source) => source.VersionId is { Length: > 0 } and not "null";

    /// <summary>Finds the object; null where the remote has none.</summary>
    /// <param name="source">Which.</param>
    /// <param name="remote">Where it continues below.</param>
    /// <param name="reader">Reads it.</param>
    /// <param name="mayBeStale">Whether a copy past its life will do where the remote cannot be asked.</param>
    /// <param name="patience">How long the copy waits for the remote in all, until bytes come.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    /// <param name="clientKey">The key that it is encrypted with, as a read brings it; null or empty for none.</param>
    public static async Task<RemoteSource?> FindAsync(
        CopySource source, RemoteBucket remote, IRemoteReader reader, bool mayBeStale, RequestBudget patience,
        CancellationToken cancellationToken,
        IReadOnlyList<KeyValuePair<string, string>>? clientKey = null)
    {
        if (clientKey is { Count: > 0 })
        {
            remote.RequireTls();
        }
        else if (!NamesVersion(source))
        {
            return await patience.AskAsync(token => CurrentAsync(source, remote, reader, mayBeStale, token), cancellationToken) is
                { } current
                ? new RemoteSource(source, remote, reader, patience, current)
                : null;
        }

        try
        {
            // Its current one is null here, whatever the remote calls it (rule V1).
            return await FindDirectAsync(NamesVersion(source) ? source : source with { VersionId = null }, remote, patience,
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

    /// <summary>Finds the object, or its version, where it is; nothing of it is held.</summary>
    /// <exception cref="RemoteException">It is not there, or may not be read.</exception>
    public static async Task<RemoteSource> FindDirectAsync(
        CopySource source, RemoteBucket remote, RequestBudget patience, CancellationToken cancellationToken,
        IReadOnlyList<KeyValuePair<string, string>>? clientKey = null)
    {
        var read = new RemoteRead(remote.Name, remote.RemoteKey(source.Key)) { Query = VersionQuery(source), Headers = clientKey ?? [] };
        await using var version = await patience.AskAsync(token => remote.Remote.HeadAsync(read, token), cancellationToken);
        return new RemoteSource(source, remote, null, patience, version.Info, clientKey);
    }

    /// <summary>
    /// Makes a write whose body are the source's bytes, or some of them. Reading ends with the writing, however that ends.
    /// </summary>
    /// <param name="put">The write; its body and length are set here.</param>
    /// <param name="range">Which bytes; null for all.</param>
    /// <param name="algorithm">The checksum to compute on the way, or null.</param>
    /// <param name="write">Makes the write.</param>
    /// <param name="cancellationToken">The client's patience.</param>
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

    /// <summary>
    /// Opens its bytes, or some of them: of exactly the version found, which is also the one of which the tags were told.
    /// </summary>
    public Task<S3Body> OpenAsync(ByteRange? range, CancellationToken cancellationToken) =>
        _patience.AskAsync(token => OpenInTimeAsync(range, token), cancellationToken);

    private async Task<S3Body> OpenInTimeAsync(ByteRange? range, CancellationToken cancellationToken)
    {
        if (_reader is not null)
        {
            return await _reader.OpenAsync(_source.Bucket, _source.Key, _remote, Info, range, isCurrent: _hasToldTags, cancellationToken);
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
        throw new RemoteException(RemoteFailure.Changed, "The remote answered with another version than the one asked for.");
    }

    /// <summary>
    /// Forgets what is held of it: a copy with gaps that nothing fills any more, since the remote has the version no longer.
    /// </summary>
    public ValueTask ForgetAsync() => _reader?.InvalidateAsync(_source.Bucket, _source.Key) ?? ValueTask.CompletedTask;

    /// <summary>
    /// The source's tags as a copy's <c>x-amz-tagging</c>, or null for none. Not asked for where the client gives its own. A remote that
    /// says nothing of how many there are has no more to say, or does not let them be read: where it does not tell them either, there are
    /// none; nor where it does not answer at all, and all of the object is held.
    /// </summary>
    /// <param name="client">The copy's headers.</param>
    /// <param name="refused">Told where the remote refuses them, and did not say that there are any.</param>
    /// <param name="unasked">Told where it does not answer, and did not say that there are any.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    /// <exception cref="RemoteException">As below; and where it cannot be asked, or said that there are tags.</exception>
    public Task<string?> TagsAsync(IHeaderDictionary client, Action refused, Action unasked, CancellationToken cancellationToken) =>
        CopyHeaders.IsReplaced(client, "x-amz-tagging-directive") ? Task.FromResult<string?>(null)
            : Info.Header(TagCount) is null ? UncountedTagsAsync(refused, unasked, cancellationToken)
            : TagsAsync(cancellationToken);

    /// <summary>
    /// The source's tags as <c>x-amz-tagging</c> has them, or null for none. Asked for unless the remote said that there are none.
    /// </summary>
    /// <exception cref="RemoteException">The remote does not tell; or it has the object no more, of which a frozen copy does not tell
    /// either: Drifted.</exception>
    /// <exception cref="S3Exception">ServiceUnavailable: its answer is no such document.</exception>
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
        catch (RemoteException untold) when (untold.Status == StatusCodes.Status404NotFound)
        {
            // Of the sub-resource, or of the object: that is found out where its bytes are needed.
            return null;
        }
        catch (RemoteException unanswered)
            when (_reader is not null && unanswered is { Failure: RemoteFailure.Unavailable, Status: 0, IsNonsense: false })
        {
            if (!await _reader.HoldsAsync(_source.Bucket, _source.Key, _remote, Info, cancellationToken))
            {
                throw;
            }

            // Nothing else of the copy needs the remote: whoever works without it is not kept from that by tags that few objects have.
            unasked();
            return null;
        }
        catch (RemoteException untold) when (
            untold.Failure is RemoteFailure.AccessDenied or RemoteFailure.Other
            && untold.Status is StatusCodes.Status400BadRequest or StatusCodes.Status403Forbidden or StatusCodes.Status405MethodNotAllowed
                or StatusCodes.Status501NotImplemented)
        {
            if (untold.Status == StatusCodes.Status403Forbidden)
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
            var tags = await _patience.AskAsync(ReadTagsAsync, cancellationToken);

            // That there are none is told of a version, too; but not by a remote that knows no tags.
            _hasToldTags = tags is not null || Info.Header(TagCount) is not null;
            return tags;
        }
        catch (RemoteException none) when (none.Code == "NoSuchTagSet")
        {
            // A 404 from some stores, and not of the object.
            _hasToldTags = true;
            return null;
        }
        catch (S3Exception malformed) when (malformed.Error == S3Errors.MalformedXml)
        {
            throw S3Exception.ForNow(S3Errors.ServiceUnavailable, 2, "The remote did not tell the object's tags.", malformed);
        }
    }

    /// <summary>What the remote tells; empty where it tells that there are none, null where its answer is no document.</summary>
    private async Task<string?> ReadTagsAsync(CancellationToken cancellationToken)
    {
        var query = _reader is null && VersionQuery(_source) is { Length: > 0 } version ? "tagging&" + version : "tagging";
        var read = new RemoteRead(_remote.Name, _remote.RemoteKey(_source.Key)) { Query = query };
        await using var answer = await _remote.Remote.GetAsync(read, cancellationToken);
        if (Info.Header(TagCount) is null && Info.ETag.Length > 0 && answer.Info.ETag == Info.ETag)
        {
            // The object itself: a server that does not know the sub-resource passes it over.
            return null;
        }

        await using var body = new RemoteObjectBody(answer, null);
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
