using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Tests.Support;

/// <summary>One proxy's parts over a shared store. Several of them over one endpoint share nothing else.</summary>
internal sealed class StoreProxy : IDisposable
{
    private readonly S3WireClient _client;

    /// <param name="proxies">How many proxies there are, by each proxy's settings.</param>
    /// <param name="location">Where it makes buckets.</param>
    /// <param name="accessKey">Its key at the store.</param>
    /// <param name="secretKey">The secret of that key.</param>
    /// <param name="deadline">How long it waits for the store on its clock. By default longer than any test runs, even on a fast
    /// clock: on a busy machine a call may take seconds.</param>
    public StoreProxy(
        Uri endpoint,
        int proxies = 2,
        TimeProvider? time = null,
        string location = "us-east-1",
        string accessKey = "minioadmin",
        string secretKey = "minioadmin",
        TimeSpan? deadline = null)
    {
        var limit = deadline ?? TimeSpan.FromDays(1);
        time ??= TimeProvider.System;
        var settings = new EndpointSettings
        {
            Role = "local store",
            IsWritable = true,
            Endpoint = endpoint,
            Region = "us-east-1",
            ConnectTimeout = Patience.Limit,
            FirstByteTimeout = limit,
            StallTimeout = limit,
            Budget = limit,
            InstanceId = Guid.NewGuid().ToString("n"),
        };
        _client = new S3WireClient(settings, _ => new(new SigningCredentials(accessKey, secretKey)), time);
        Calls = new StoreCalls(settings, _client, time);
        Store = new LocalStore(Calls, new StoreSettings { Proxies = proxies, BucketLocation = location }, time);
        State = new StoreLayerState(Store, NullLogger.Instance);
    }

    public LocalStore Store { get; }

    public StoreCalls Calls { get; }

    public StoreLayerState State { get; }

    /// <summary>Writes an object, as a client's PUT is forwarded.</summary>
    public Task WriteAsync(string bucket, string key, CancellationToken cancellationToken = default) =>
        Calls.PutAsync(bucket, key, WireBody.Of(new byte[] { 1 }), [], cancellationToken);

    /// <summary>Deletes an object as the overlay does.</summary>
    public async Task DeleteAsync(string bucket, string key, CancellationToken cancellationToken = default)
    {
        await State.MarkDeletedAsync(bucket, key, cancellationToken);
        await Calls.DeleteAsync(bucket, key, cancellationToken);
    }

    public void Dispose() => _client.Dispose();
}
