using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Changes;

/// <summary>
/// Looks up keys of a bucket, given in order, at the remotes that decide them: by listing, or one by one where that is refused. A remote
/// bucket that does not exist has no keys.
/// </summary>
internal sealed class RemoteLookups(string prefix, ILogger logger)
{
    /// <summary>A walk for each place; null for one that may not be listed. Within one place, keys come in the place's order too.</summary>
    private readonly Dictionary<RemoteBucket, RemoteWalk?> _walks = [];

    /// <summary>Places whose bucket does not exist.</summary>
    private readonly HashSet<RemoteBucket> _missing = [];

    /// <summary>True if a key is known without a request.</summary>
    public bool Has(RemoteBucket place, string key) =>
        _missing.Contains(place) || (_walks.TryGetValue(place, out var walk) && walk?.Has(key) == true);

    /// <summary>The remote's object; null if it has none.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable: the remote does not say.</exception>
    public async ValueTask<ListedObject?> FindAsync(RemoteBucket place, string key, CancellationToken cancellationToken)
    {
        if (_missing.Contains(place))
        {
            return null;
        }

        if (!_walks.TryGetValue(place, out var walk))
        {
            _walks.Add(place, walk = new RemoteWalk(place, prefix, logger));
        }

        try
        {
            if (walk is not null)
            {
                return await walk.FindAsync(key, cancellationToken);
            }
        }
        catch (RemoteException failure) when (failure.Failure == RemoteFailure.NoSuchBucket)
        {
            _missing.Add(place);
            return null;
        }
        catch (RemoteException failure) when (failure.Failure == RemoteFailure.AccessDenied)
        {
            _walks[place] = null;
        }
        catch (RemoteException failure) when (failure.Failure != RemoteFailure.Loop)
        {
            throw BucketListings.Unlistable(failure);
        }

        return await ChangeReader.HeadAsync(place, key, cancellationToken) is { } info ? ListedObject.Of(info) : null;
    }
}
