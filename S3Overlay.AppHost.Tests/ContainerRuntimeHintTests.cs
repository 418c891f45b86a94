using System.Collections.Concurrent;

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace S3Overlay.AppHost.Tests;

/// <summary>What the default profile says on a machine without a container runtime.</summary>
public sealed class ContainerRuntimeHintTests
{
    [Fact]
    public async Task Containers_that_cannot_start_name_the_profile_without_containers_once()
    {
        var lines = new Lines();
        var builder = DistributedApplication.CreateBuilder([]);
        var stores = new[] { builder.AddContainer("minio", "image").Resource, builder.AddContainer("remote", "image").Resource };
        await using var application = builder.Build();
        var notifications = application.Services.GetRequiredService<ResourceNotificationService>();
        using var hint = new ContainerRuntimeHint(notifications, lines);
        await hint.StartAsync(CancellationToken.None);

        foreach (var store in stores)
        {
            await notifications.PublishUpdateAsync(store, state => state with { State = KnownResourceStates.RuntimeUnhealthy });
        }

        await hint.ExecuteTask!.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Matches("^(minio|remote) cannot start: no container runtime responds.* --launch-profile embedded$",
            Assert.Single(lines.Texts));
    }

    [Fact]
    public async Task Containers_that_get_no_state_at_all_are_told_too()
    {
        var lines = new Lines();
        var builder = DistributedApplication.CreateBuilder([]);
        var store = builder.AddContainer("minio", "image").Resource;
        await using var application = builder.Build();
        var notifications = application.Services.GetRequiredService<ResourceNotificationService>();
        await notifications.PublishUpdateAsync(store, state => state with { State = null });
        using var hint = new ContainerRuntimeHint(notifications, lines, TimeSpan.FromMilliseconds(200));

        await hint.StartAsync(CancellationToken.None);
        await hint.ExecuteTask!.WaitAsync(TimeSpan.FromMinutes(1));

        Assert.StartsWith("minio cannot start: no container runtime responds.", Assert.Single(lines.Texts), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("minio", true)]
    [InlineData("embedded", false)]
    public async Task The_application_host_watches_for_it_if_it_has_containers(string stores, bool isWatched)
    {
        await using var builder = await AppHostModel.CreateAsync($"--S3Overlay:Stores={stores}");

        Assert.Equal(isWatched, builder.Services.Any(service => service.ImplementationType == typeof(ContainerRuntimeHint)));
    }

    private sealed class Lines : ILogger<ContainerRuntimeHint>
    {
        private readonly ConcurrentQueue<string> _texts = new();

        public IEnumerable<string> Texts => _texts;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?,
            string> formatter) =>
            _texts.Enqueue(formatter(state, exception));
    }
}
