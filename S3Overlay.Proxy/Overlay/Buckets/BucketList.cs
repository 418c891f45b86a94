using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Xml;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Buckets;

/// <summary>
/// ListBuckets: local and mapped buckets, plus the remote's if the settings say so (rule B6). A caller with its own identity in the local
/// layer sees only those purely local buckets that the layer shows to it.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html</remarks>
public sealed class BucketList(
    ILayerState layer, ILocalIdentities? identities, IRemoteBuckets remotes, IRemote? shown, BucketDirectory directory,
    OverlaySettings settings, TimeProvider time, ILogger logger)
{
    private readonly DateTimeOffset _since = time.GetUtcNow();

    /// <summary>Handles ListBuckets.</summary>
    public async Task HandleAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var prefix = request.Query["prefix"] ?? "";
        var limit = BucketPages.LimitOf(request.Query);
        var after = request.Query["continuation-token"] is { Length: > 0 } token ? ContinuationTokens.Read(token).Name : "";
        var region = settings.HasOneRegion ? BucketPages.RegionOf(request.Query, [settings.Region]) : null;
        var all = region is null || region == settings.Region ? await FindAsync(request.Caller, cancellationToken) : new();
        var page = all
            .Where(pair => request.MaySee is not { } maySee || maySee(pair.Key))
            .Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(pair.Key, after) > 0)
            .Take(limit + 1)
            .ToList();
        var xml = new S3XmlWriter().Root("ListAllMyBucketsResult")
            .Open("Owner").Account(request.Account ?? Account.Default).Close("Owner").Open("Buckets");
        foreach (var (name, created) in page.Take(limit))
        {
            xml.Open("Bucket").Element("Name", name).Element("CreationDate", created);
            if (request.Query.Parameters.Count > 0)
            {
                xml.Element("BucketRegion", settings.Region);
            }

            xml.Close("Bucket");
        }

        xml.Close("Buckets");
        if (page.Count > limit)
        {
            xml.Element("ContinuationToken", ContinuationTokens.Write(new ListingPosition(page[limit - 1].Key, false)));
        }

        if (prefix.Length > 0)
        {
            xml.Element("Prefix", prefix);
        }

        await xml.Close("ListAllMyBucketsResult").SendAsync(request, response, cancellationToken);
    }

    private async Task<SortedDictionary<string, DateTimeOffset>> FindAsync(S3Caller caller, CancellationToken cancellationToken)
    {
        var found = new SortedDictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var theirs = identities?.Of(caller);
        foreach (var bucket in await layer.ListBucketsAsync(cancellationToken))
        {
            if (!directory.IsInternal(bucket.Name) && (theirs is null || directory.Below(bucket.Name) is not null))
            {
                found[bucket.Name] = bucket.Created;
            }
        }

        foreach (var bucket in theirs is null ? [] : await OfCallerAsync(theirs, cancellationToken))
        {
            if (!directory.IsInternal(bucket.Name) && directory.Below(bucket.Name) is null)
            {
                found[bucket.Name] = bucket.Created;
            }
        }

        foreach (var bucket in await OfRemoteAsync(cancellationToken))
        {
            await AddAsync(found, bucket.Name, bucket.Created, cancellationToken);
        }

        foreach (var name in remotes.Mapped)
        {
            await AddAsync(found, name, CreatedBelow(name), cancellationToken);
        }

        return found;
    }

    /// <summary>
    /// Creation date of a mapped bucket. Only the remote knows it, and asking would make every ListBuckets depend on the remote. If no
    /// earlier listing brought it, this is the time when the proxy started to show the bucket.
    /// </summary>
    private DateTimeOffset CreatedBelow(string name) => remotes.Find(name)?.Whole is { } whole
        && whole.Remote.CreatedOf(whole.Name) is { } created ? created : _since;

    private static async Task<IReadOnlyList<LayerBucket>> OfCallerAsync(IRemote theirs, CancellationToken cancellationToken)
    {
        try
        {
            return await theirs.ListBucketsAsync(cancellationToken);
        }
        catch (RemoteException refused) when (refused.Failure is RemoteFailure.AccessDenied or RemoteFailure.BadCredentials)
        {
            throw new S3Exception(S3Errors.AccessDenied, "The local store does not let this caller list buckets.", refused);
        }
        catch (RemoteException failure)
        {
            throw S3Exception.ForNow(S3Errors.ServiceUnavailable, 2, "The local store did not list its buckets.", failure);
        }
    }

    /// <summary>Adds a bucket that the local layer lacks, unless it was deleted here.</summary>
    private async ValueTask AddAsync(
        SortedDictionary<string, DateTimeOffset> found, string name, DateTimeOffset created, CancellationToken cancellationToken)
    {
        if (!found.ContainsKey(name) && (await directory.LookAsync(name, cancellationToken)).IsOverlaid)
        {
            found[name] = created;
        }
    }

    /// <summary>A remote that does not list its buckets is no error (rule B6): the known ones are still shown.</summary>
    private async Task<IReadOnlyList<LayerBucket>> OfRemoteAsync(CancellationToken cancellationToken)
    {
        if (!settings.ShowsRemoteBuckets || shown is null)
        {
            return [];
        }

        try
        {
            return await shown.ListBucketsAsync(cancellationToken);
        }
        catch (RemoteException failure)
        {
            Log.RemoteBucketsUnknown(logger, failure.Message);
            return [];
        }
    }
}
