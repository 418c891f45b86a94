using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace S3Overlay.AppHost;

/// <summary>
/// Says once, in one line, what to do if containers cannot start because no container runtime responds. Otherwise everything that waits for
/// them waits without a word. The orchestrator gives such containers the state <c>RuntimeUnhealthy</c>, or no state at all for as long as
/// it waits for the runtime.
/// </summary>
/// <param name="notifications">The states of resources.</param>
/// <param name="logger">Where the line goes.</param>
/// <param name="limit">How long containers may have no state; null for 20 seconds.</param>
internal sealed class ContainerRuntimeHint(ResourceNotificationService notifications, ILogger<ContainerRuntimeHint> logger,
    TimeSpan? limit = null) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        silence.CancelAfter(limit ?? TimeSpan.FromSeconds(20));
        string? silent = null;
        try
        {
            await foreach (var change in notifications.WatchAsync(silence.Token))
            {
                var state = change.Snapshot.State?.Text;
                if (state == KnownResourceStates.RuntimeUnhealthy)
                {
                    Say(change.Resource.Name);
                    return;
                }

                if (change.Resource is ContainerResource)
                {
                    silent ??= change.Resource.Name;
                    if (!string.IsNullOrEmpty(state))
                    {
                        silence.CancelAfter(Timeout.InfiniteTimeSpan);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (silent is not null && !stoppingToken.IsCancellationRequested)
        {
            Say(silent);
        }
    }

    private void Say(string container) => logger.LogWarning(
        "{Container} cannot start: no container runtime responds. Start Docker or Podman, or run without containers: "
        + "dotnet run --project S3Overlay.AppHost --launch-profile embedded", container);
}
