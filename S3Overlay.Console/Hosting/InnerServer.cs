using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace S3Overlay.WebConsole.Hosting;

/// <summary>A server without a port: the requests come from another one.</summary>
internal sealed class InnerServer : IServer
{
    private Func<IFeatureCollection, Task> _handle = static _ => throw new InvalidOperationException("The console has not started.");

    /// <inheritdoc/>
    public IFeatureCollection Features { get; } = new FeatureCollection();

    /// <inheritdoc/>
    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        _handle = features => HandleAsync(application, features);
        return Task.CompletedTask;
    }

    /// <summary>Serves a request of the other server.</summary>
    public Task HandleAsync(IFeatureCollection features) => _handle(features);

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose()
    {
        // The port is the other server's.
    }

    private static async Task HandleAsync<TContext>(IHttpApplication<TContext> application, IFeatureCollection features)
        where TContext : notnull
    {
        var context = application.CreateContext(features);
        Exception? failure = null;

        // Not before the response has ended: what is to happen at its start may happen after the application is done.
        features.GetRequiredFeature<IHttpResponseFeature>().OnCompleted(_ =>
        {
            application.DisposeContext(context, failure);
            return Task.CompletedTask;
        }, context);
        try
        {
            await application.ProcessRequestAsync(context);
        }
        catch (Exception thrown)
        {
            failure = thrown;
            throw;
        }
    }
}
