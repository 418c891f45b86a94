using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>
/// The kind of store behind an endpoint: from the settings, from an AWS host name, or from the first response. Unknown until then.
/// </summary>
internal sealed class EndpointMake
{
    /// <summary>
    /// How long a request waits for the first response. Until then, all names that any store reserves are treated as reserved.
    /// </summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private volatile StoreMake? _found;

    public EndpointMake(EndpointSettings settings) => _found = settings.Make
        ?? (AwsHosts.DomainOf(settings.Address.Host) is null ? null : StoreMakes.Aws);

    public StoreMake Known => _found ?? StoreMakes.Unknown;

    /// <summary>Learns from a response. The first one from the endpoint itself decides.</summary>
    public void Learn(WireResponse answer)
    {
        if (_found is null && answer.Status < 500)
        {
            _found = StoreMakes.Of(answer.Header("Server"), answer.Header("x-amz-request-id")) ?? StoreMakes.Unknown;
        }
    }

    /// <summary>The kind of store. Asks the endpoint if it is not known yet.</summary>
    /// <param name="askAsync">Sends any request to the endpoint.</param>
    public async ValueTask<StoreMake> FindAsync(Func<CancellationToken, Task> askAsync, TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (_found is null)
        {
            using var wait = new CancellationTokenSource(LongestWait, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, wait.Token);
            try
            {
                await askAsync(both.Token);
            }
            catch (Exception failure)
                when (failure is RemoteException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // Still unknown.
            }
        }

        return Known;
    }
}
