using System.Text.Json;

using Amazon.S3;
using Amazon.S3.Model;

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace S3Overlay.AppHost.Tests.Running;

/// <summary>
/// The whole application without containers, run by Aspire's orchestrator with its dashboard, on data of its own. Beside it runs a second
/// overlay with a bucket. All test classes share one.
/// </summary>
[CollectionDefinition(Name)]
public sealed class EmbeddedStack : IAsyncLifetime, ICollectionFixture<EmbeddedStack>
{
    /// <summary>The collection's name.</summary>
    public const string Name = "embedded stack";

    /// <summary>The sample objects' bucket.</summary>
    public const string Bucket = "demo";

    /// <summary>How long a busy machine of two cores may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private const string DashboardKey = "only-for-this-test";

    private readonly string _folder = Directory.CreateTempSubdirectory("s3overlay-apphost-").FullName;
    private readonly List<IHost> _clients = [];
    private readonly HttpClient _http = new();

    /// <summary>The application.</summary>
    public DistributedApplication Application { get; private set; } = null!;

    /// <summary>A client of the overlay.</summary>
    public IAmazonS3 Overlay { get; private set; } = null!;

    /// <summary>A client of the sample remote.</summary>
    public IAmazonS3 Remote { get; private set; } = null!;

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        if (!OrchestratorFactAttribute.IsAskedFor)
        {
            return;
        }

        using var limit = new CancellationTokenSource(Patience);
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.S3Overlay_AppHost>(
            [
                "--S3Overlay:Stores=embedded", $"--S3Overlay:DataFolder={_folder}", $"--AppHost:DashboardApiKey={DashboardKey}",
                "--ASPIRE_ALLOW_UNSECURED_TRANSPORT=true", "--OTEL_BSP_SCHEDULE_DELAY=100",
            ],
            (options, _) => options.DisableDashboard = false,
            limit.Token);
        builder.AddS3Overlay("shop").WithDataFolder(Path.Combine(_folder, "shop")).AddBucket("uploads", "shop-uploads");
        Application = await builder.BuildAsync(limit.Token);
        await Application.StartAsync(limit.Token);
        await Application.ResourceNotifications.WaitForResourceHealthyAsync("proxy", limit.Token);
        Overlay = await ClientAsync("proxy", limit.Token);
        Remote = await ClientAsync("remote", limit.Token);
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        _http.Dispose();
        _clients.ForEach(client => client.Dispose());
        if (Application is not null)
        {
            await Application.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Puts objects into the sample remote, as its owner would.</summary>
    public async Task GivenAsync(params string[] keys)
    {
        foreach (var key in keys)
        {
            await Remote.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = key, ContentBody = "theirs" });
        }
    }

    /// <summary>Reads an object to its end, in a trace of its own if one is given, and returns its <c>x-cache</c>.</summary>
    public async Task<string> ReadAsync(string key, string? traceParent = null)
    {
        var link = await Overlay.GetPreSignedURLAsync(
            new() { BucketName = Bucket, Key = key, Protocol = Protocol.HTTP, Expires = DateTime.UtcNow.AddMinutes(10) });
        using var request = new HttpRequestMessage(HttpMethod.Get, link);
        if (traceParent is not null)
        {
            request.Headers.Add("traceparent", traceParent);
        }

        using var answer = await _http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        await answer.Content.ReadAsByteArrayAsync();
        return Assert.Single(answer.Headers.GetValues("x-cache"));
    }

    /// <summary>Reads an object until it is served from the cache: a fill may end a moment after its reader.</summary>
    public async Task HitAsync(string key)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (await ReadAsync(key) != "HIT")
        {
            await Task.Delay(10, limit.Token);
        }
    }

    /// <summary>The keys that a client lists.</summary>
    public static async Task<HashSet<string>> KeysAsync(IAmazonS3 client) =>
        [.. (await client.ListObjectsV2Async(new() { BucketName = Bucket })).S3Objects.Select(item => item.Key)];

    /// <summary>Asks the dashboard's telemetry interface.</summary>
    public async Task<JsonElement> DashboardAsync(string path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Application.GetEndpoint("aspire-dashboard", "http"), path));
        request.Headers.Add("x-api-key", DashboardKey);
        using var answer = await _http.SendAsync(request, cancellationToken);
        answer.EnsureSuccessStatusCode();
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
        return document.RootElement.Clone();
    }

    /// <summary>The client of an application that references the resource.</summary>
    public async Task<IAmazonS3> ClientAsync(string resource, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(
            [new($"ConnectionStrings:{resource}", await Application.GetConnectionStringAsync(resource, cancellationToken))]);
        builder.AddS3Client(resource);
        _clients.Add(builder.Build());
        return _clients[^1].Services.GetRequiredService<IAmazonS3>();
    }
}
