using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores;

/// <summary>Probes of a store that a test makes behave like another one.</summary>
public abstract class StoreProbeTestBase : StoreTestBase
{
    /// <summary>A probe of the store through one of its proxies.</summary>
    private protected static StoreProbe Probe(StoreProxy proxy) =>
        new(new LocalStore(proxy.Calls, proxy.Store.Settings, new HurriedTimeProvider(20)), keepsBucket: true, NullLogger.Instance);

    /// <summary>Returns the result of a new probe.</summary>
    private protected async Task<StoreCapabilities> FindAsync()
    {
        await using var probe = Probe(One);
        return await probe.FindAsync(default);
    }
}
