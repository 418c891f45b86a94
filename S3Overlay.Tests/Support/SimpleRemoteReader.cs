using System.Collections.Concurrent;

using S3Overlay.Proxy.Overlay.Copies;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Support;

/// <summary>Reads the remote without a cache and without sharing, for tests of the overlay around it.</summary>
public sealed class SimpleRemoteReader : IRemoteReader
{
    public ConcurrentQueue<string> Invalidated { get; } = [];

    public async Task<bool> ReadAsync(
        S3Request request, S3Response response, RemoteBucket remote, WrittenRead local, CancellationToken cancellationToken)
    {
        if (await local.IsDeleted)
        {
            return false;
        }

        try
        {
            await using var found = await remote.Remote.GetAsync(new RemoteRead(remote.Name, remote.RemoteKey(request.Key)),
                cancellationToken);
            response.Headers[ReadRouter.LayerHeader] = "remote";
            if (ObjectResponse.Prepare(request, response, found.Info) is not null)
            {
                await found.Body.CopyToAsync(response.Body.AsStream(leaveOpen: true), cancellationToken);
            }

            return true;
        }
        catch (RemoteException failure)
        {
            throw new S3Exception(
                failure.Failure == RemoteFailure.NoSuchKey ? S3Errors.NoSuchKey
                : failure.Failure == RemoteFailure.NoSuchBucket ? S3Errors.NoSuchBucket
                : S3Errors.ServiceUnavailable);
        }
    }

    public async ValueTask<ObjectInfo?> HeadAsync(string bucket, string key, RemoteBucket remote, bool mayBeStale,
        CancellationToken cancellationToken)
    {
        try
        {
            await using var found = await remote.Remote.HeadAsync(new RemoteRead(remote.Name, remote.RemoteKey(key)), cancellationToken);
            return found.Info;
        }
        catch (RemoteException absent) when (absent.Failure is RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket)
        {
            return null;
        }
    }

    public ValueTask<ObjectInfo> WithChecksumsAsync(string bucket, string key, RemoteBucket remote, ObjectInfo info,
        CancellationToken cancellationToken) => new(info);

    public async Task<S3Body> OpenAsync(
        string bucket, string key, RemoteBucket remote, ObjectInfo expected, ByteRange? range, bool isCurrent,
        CancellationToken cancellationToken)
    {
        var read = new RemoteRead(remote.Name, remote.RemoteKey(key))
        {
            IfMatch = expected.ETag,
            Range = range is { } part ? $"bytes={part.First}-{part.Last}" : null,
        };
        return new RemoteObjectBody(await remote.Remote.GetAsync(read, cancellationToken), range?.Length ?? expected.Size);
    }

    public ValueTask<bool> IsCachedAsync(string bucket, string key, RemoteBucket remote, ObjectInfo version,
        CancellationToken cancellationToken) => new(false);

    public ValueTask InvalidateAsync(string bucket, string key)
    {
        Invalidated.Enqueue(key);
        return default;
    }

    public bool CanUse(EntryIdentity identity, ObjectInfo info, string key, RemoteBucket remote) => true;

    public bool IsFresh(DateTimeOffset validatedAt) => true;

    public void InvalidateAll()
    {
    }

    public bool IsFrozen => false;

    public void NoteDrift(string bucket)
    {
    }

    public ValueTask<RemoteException> GoneAsync(
        string bucket, string key, RemoteBucket remote, ObjectInfo expected, RemoteException gone, CancellationToken cancellationToken) =>
            new(gone);

    public void NoteListed(string bucket, string key)
    {
    }
}
