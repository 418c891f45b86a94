using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Reads;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Copies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Overlay.Copies;

/// <summary>
/// An object that is copied by way of this server: a remote-owned one, its current version by way of what is held, another version straight from the remote; or one of local's that
/// local cannot copy, since its reader and the copy's writer are two of its users.
/// </summary>
public sealed class RemoteSource
{
    private readonly CopySource _source;
    private readonly RemoteBucket _remote;
    private readonly IRemoteReader? _reader;

    private RemoteSource(CopySource source, RemoteBucket remote, IRemoteReader? reader, ObjectInfo info)
    {
        _source = source;
        _remote = remote;
        _reader = reader;
        Info = info;
    }

    /// <summary>The version that is copied.</summary>
    public ObjectInfo Info { get; }

    /// <summary>Whether the request names a version other than the current one.</summary>
    public static bool NamesVersion(CopySource source) => source.VersionId is { Length: > 0 } and not "null";

    /// <summary>Finds the object; null where the remote has none.</summary>
    public static async Task<RemoteSource?> FindAsync(
        CopySource source, RemoteBucket remote, IRemoteReader reader, CancellationToken cancellationToken)
    {
        if (!NamesVersion(source))
        {
            return await reader.HeadAsync(source.Bucket, source.Key, remote, mayBeStale: true, cancellationToken) is { } current
                ? new RemoteSource(source, remote, reader, current)
                : null;
        }

        try
        {
            return await FindDirectAsync(source, remote, cancellationToken);
        }
        catch (RemoteException absent) when (absent.Failure is RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket)
        {
            throw new S3Exception(S3Errors.NoSuchVersion, cause: absent);
        }
    }

    /// <summary>Finds the object, or its version, where it is; nothing of it is held.</summary>
    /// <exception cref="RemoteException">It is not there, or may not be read.</exception>
    public static async Task<RemoteSource> FindDirectAsync(CopySource source, RemoteBucket remote, CancellationToken cancellationToken)
    {
        var read = new RemoteRead(remote.Name, remote.RemoteKey(source.Key)) { Query = VersionQuery(source) };
        await using var version = await remote.Remote.HeadAsync(read, cancellationToken);
        return new RemoteSource(source, remote, null, version.Info);
    }

    /// <summary>Opens its bytes, or some of them: of exactly the version found.</summary>
    public async Task<S3Body> OpenAsync(ByteRange? range, CancellationToken cancellationToken)
    {
        if (Info.Size == 0)
        {
            return S3Body.Empty;
        }

        if (_reader is not null)
        {
            return await _reader.OpenAsync(_source.Bucket, _source.Key, _remote, Info, range, cancellationToken);
        }

        var read = new RemoteRead(_remote.Name, _remote.RemoteKey(_source.Key))
        {
            Query = VersionQuery(_source),
            IfMatch = Info.ETag.Length > 0 ? Info.ETag : null,
            Range = range is { } part ? $"bytes={part.First}-{part.Last}" : null,
        };
        return new RemoteObjectBody(await _remote.Remote.GetAsync(read, cancellationToken), range?.Length ?? Info.Size);
    }

    /// <summary>Forgets what is held of it: a copy with gaps that nothing fills any more, since the remote has the version no longer.</summary>
    public ValueTask ForgetAsync() => _reader?.InvalidateAsync(_source.Bucket, _source.Key) ?? ValueTask.CompletedTask;

    /// <summary>
    /// The source's tags as a copy's <c>x-amz-tagging</c>, or null for none. Asked for only where the remote said that there are some, and the client does
    /// not give its own.
    /// </summary>
    public async Task<string?> TagsAsync(IHeaderDictionary client, CancellationToken cancellationToken)
    {
        if (Info.Header("x-amz-tagging-count") is null or "0" || CopyHeaders.IsReplaced(client, "x-amz-tagging-directive"))
        {
            return null;
        }

        var query = _reader is null && VersionQuery(_source) is { Length: > 0 } version ? "tagging&" + version : "tagging";
        var read = new RemoteRead(_remote.Name, _remote.RemoteKey(_source.Key)) { Query = query };
        await using var answer = await _remote.Remote.GetAsync(read, cancellationToken);
        await using var body = new RemoteObjectBody(answer, null);
        var root = await S3XmlReader.ReadAsync(body, cancellationToken);
        var tags = root?.Descendants().Where(element => element.Name.LocalName == "Tag")
            .Select(tag => UriEncoding.EncodeComponent(tag.ChildText("Key") ?? "") + "=" + UriEncoding.EncodeComponent(tag.ChildText("Value") ?? ""));
        return tags is null ? null : string.Join('&', tags);
    }

    private static string VersionQuery(CopySource source) => source.VersionId is { Length: > 0 } version ? "versionId=" + UriEncoding.EncodeComponent(version) : "";
}
