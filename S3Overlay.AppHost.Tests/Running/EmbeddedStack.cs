using Amazon.S3;

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace S3Overlay.AppHost.Tests.Running;

/// <summary>The whole application without containers, running, with data of its own.</summary>
public sealed class EmbeddedStack : IAsyncLifetime
{
    /// <summary>A hang is told as one; a busy machine of two cores is not.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly string _folder = Directory.CreateTempSubdirectory("s3overlay-apphost-").FullName;
    private readonly List<IHost> _clients = [];

    /// <summary>The application.</summary>
    public DistributedApplication Application { get; private set; } = null!;

    /// <summary>A client of the overlay.</summary>
    public IAmazonS3 Overlay { get; private set; } = null!;

    /// <summary>A client of the stand-in remote.</summary>
    public IAmazonS3 Remote { get; private set; } = null!;

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        if (!OrchestratorFactAttribute.IsAskedFor)
        {
            return;
        }

        using var limit = new CancellationTokenSource(Patience);
        var builder = await AppHostModel.CreateAsync("--S3Overlay:Stores=embedded", $"--S3Overlay:DataFolder={_folder}");
        Application = await builder.BuildAsync(limit.Token);
        await Application.StartAsync(limit.Token);
        await Application.ResourceNotifications.WaitForResourceHealthyAsync("proxy", limit.Token);
        Overlay = await ClientAsync("proxy", limit.Token);
        Remote = await ClientAsync("remote", limit.Token);
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        if (Application is not null)
        {
            await Application.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>The client that an application would have which references the resource.</summary>
    private async Task<IAmazonS3> ClientAsync(string resource, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection([new($"ConnectionStrings:{resource}", await Application.GetConnectionStringAsync(resource, cancellationToken))]);
        builder.AddS3Client(resource);
        _clients.Add(builder.Build());
        return _clients[^1].Services.GetRequiredService<IAmazonS3>();
    }
}
