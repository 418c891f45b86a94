using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace S3Overlay.AppHost;

/// <summary>Says once, in one line, what to do if containers cannot start because no container runtime runs. Otherwise everything that waits for them waits without a word.</summary>
/// <param name="notifications">Tells the states of resources.</param>
/// <param name="logger">Where the line goes.</param>
internal sealed class ContainerRuntimeHint(ResourceNotificationService notifications, ILogger<ContainerRuntimeHint> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            if (change.Snapshot.State?.Text == KnownResourceStates.RuntimeUnhealthy)
            {
                logger.LogWarning(
                    "{Resource} cannot start: no container runtime answers. Start Docker or Podman, or run without containers: "
                    + "dotnet run --project S3Overlay.AppHost --launch-profile embedded",
                    change.Resource.Name);
                return;
            }
        }
    }
}
