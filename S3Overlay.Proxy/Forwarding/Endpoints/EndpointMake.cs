using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>
/// What make of store an endpoint is: by the settings, by its host where that is AWS's, else by its first answer. Until there is one it is
/// unknown.
/// </summary>
internal sealed class EndpointMake
{
    /// <summary>How long a request waits for the first answer: until then every name that any store keeps is kept.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private volatile StoreMake? _found;

    /// <summary>The make of an endpoint.</summary>
    public EndpointMake(EndpointSettings settings) => _found = settings.Make
        ?? (AwsHosts.DomainOf(settings.Address.Host) is null ? null : StoreMakes.Aws);

    /// <summary>What is known by now.</summary>
    public StoreMake Known => _found ?? StoreMakes.Unknown;

    /// <summary>Learns from an answer. The first one that is the endpoint's own decides.</summary>
    public void Learn(WireResponse answer)
    {
        if (_found is null && answer.Status < 500)
        {
            _found = StoreMakes.Of(answer.Header("Server"), answer.Header("x-amz-request-id")) ?? StoreMakes.Unknown;
        }
    }

    /// <summary>What is known once the endpoint was asked, where nothing is yet.</summary>
    /// <param name="askAsync">Asks it for anything.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">The client's patience.</param>
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
                // It is unknown still.
            }
        }

        return Known;
    }
}
