using System.Text;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.Listings;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>Makes, deletes and lists the store's buckets.</summary>
internal sealed class StoreBuckets
{
    private const int MaxAttempts = 5;

    private static readonly WireRequest List = new("GET", "", "", "");

    private readonly StoreCalls _calls;
    private readonly StoreSettings _settings;
    private readonly TimeProvider _time;
    private readonly SingleFlight _making;

    /// <summary>The buckets of a store.</summary>
    public StoreBuckets(StoreCalls calls, StoreSettings settings, TimeProvider time)
    {
        (_calls, _settings, _time) = (calls, settings, time);
        _making = new SingleFlight(MakeAsync);
    }

    /// <summary>Makes a bucket; that it is there already is no error. However many ask at once, the store is asked once.</summary>
    /// <exception cref="S3Exception">BucketAlreadyExists if another account owns it; other refusals of the store.</exception>
    public Task CreateAsync(string bucket, CancellationToken cancellationToken) => _making.RunAsync(bucket, cancellationToken);

    /// <summary>Deletes a bucket; that it is not there is no error.</summary>
    /// <exception cref="S3Exception">BucketNotEmpty; what the store refuses.</exception>
    public async Task DeleteAsync(string bucket, CancellationToken cancellationToken)
    {
        using var response = await _calls.SendAsync(new WireRequest("DELETE", bucket), cancellationToken);
        if (response.Status is < 300 or 404)
        {
            return;
        }

        var error = await response.ErrorAsync(cancellationToken);
        throw response.Status == 409 && error.Code == S3Errors.BucketNotEmpty.Code
            ? new S3Exception(S3Errors.BucketNotEmpty) : await StoreCalls.RefusedAsync(response, cancellationToken);
    }

    /// <summary>The buckets, without the overlay's own.</summary>
    public async Task<IReadOnlyList<LayerBucket>> ListAsync(CancellationToken cancellationToken)
    {
        using var response = await _calls.SendAsync(List, cancellationToken);
        if (response.Status != 200)
        {
            throw await StoreCalls.RefusedAsync(response, cancellationToken);
        }

        var found = await _calls.ReadAsync(response, BucketListDocument.TryReadAsync, cancellationToken);
        return found is null
            ? throw new S3Exception(S3Errors.ServiceUnavailable, "The local store answered something that is no list of buckets.")
            : [.. found.Where(bucket => !string.Equals(bucket.Name, _settings.CacheBucket, StringComparison.OrdinalIgnoreCase))];
    }

    private async Task MakeAsync(string bucket)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var response = await _calls.SendAsync(new WireRequest("PUT", bucket) { Body = Configuration() }, CancellationToken.None);
            if (response.Status < 300)
            {
                return;
            }

            var error = await response.ErrorAsync(CancellationToken.None);
            if (response.Status == 409 && error.Code == S3Errors.BucketAlreadyOwnedByYou.Code)
            {
                return;
            }

            // Stores say BucketAlreadyExists of one's own bucket as well, as when it was asked for in another region; and other things
            // while another proxy makes it.
            if (response.Status == 409 && await IsOursAsync(bucket))
            {
                return;
            }

            if (ErrorCodes.IsImpossibleBucket(error.Code))
            {
                throw new S3Exception(S3Errors.InvalidBucketName,
                    $"The bucket {bucket} cannot be made at the local store, which takes no such name: it can only be read.");
            }

            if (error.Code == S3Errors.BucketAlreadyExists.Code)
            {
                throw new S3Exception(S3Errors.BucketAlreadyExists,
                    $"The bucket {bucket} cannot be created at the local store: another account owns the name.");
            }

            if (response.Status != 409 || attempt == MaxAttempts)
            {
                throw await StoreCalls.RefusedAsync(response, CancellationToken.None);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200 * attempt), _time);
        }
    }

    private async Task<bool> IsOursAsync(string bucket)
    {
        using var response = await _calls.SendAsync(new WireRequest("HEAD", bucket), CancellationToken.None);
        return response.Status < 300;
    }

    private WireBody? Configuration() => _settings.BucketLocation == AwsHosts.DefaultRegion
        ? null : WireBody.Of(Encoding.UTF8.GetBytes(
            "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>"
            + _settings.BucketLocation
            + "</LocationConstraint></CreateBucketConfiguration>"));
}
