using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.WebConsole.Hosting;

namespace S3Overlay.Proxy.Hosting.WebConsole;

/// <summary>Loads the console's assembly. Nothing else may name its types before that.</summary>
internal sealed class OpenConsole(ConsoleApp app, ProxyOfConsole proxy) : IOpenConsole
{
    /// <summary>Builds the console of a proxy.</summary>
    /// <param name="listening">Where its port listens.</param>
    public static async Task<IOpenConsole> OpenAsync(
        ProxyServices services, ProxyOptions options, Uri endpoint, SignInLinks links, Machine machine, ILoggerFactory loggers,
        ConsoleListening listening)
    {
        var proxy = new ProxyOfConsole(services, options, endpoint, links, machine);
        return new OpenConsole(await ConsoleApp.StartAsync(proxy, listening.Addresses, listening.Names, loggers), proxy);
    }

    /// <inheritdoc/>
    public Task HandleAsync(IFeatureCollection features) => app.HandleAsync(features);

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cut)
    {
        await app.DisposeAsync();
        await proxy.StopAsync(cut);
    }
}
