using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

using S3Overlay.AppHost;

var builder = DistributedApplication.CreateBuilder(args);
var run = builder.ExecutionContext.IsRunMode;
var stores = StoreKinds.Read(builder.Configuration);

// 1 The overlay.
var proxy = builder.AddS3Overlay<Projects.S3Overlay_Proxy>("proxy").WithCaching().WithConsole().WithExternalHttpEndpoints();

// 2 Where writes go: a store that two proxies share, or a folder, which only one can use.
if (stores == StoreKind.Embedded)
{
    proxy.WithDataFolder(builder.DataFolder("local"));
}
else
{
    // First of all: the orchestrator's own start waits for the container runtime.
    builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService, ContainerRuntimeHint>());
    var local = builder.AddStore(stores, stores == StoreKind.RustFs ? "rustfs" : "minio", isKept: true);
    proxy.WithLocal(local).WaitFor(local).WithReplicas(run ? 2 : 1);
}

// 3 The remote: a real one by its connection string, otherwise a sample store. All its buckets are listed.
if (run && builder.Configuration.GetConnectionString("remote") is null)
{
    var remote = stores == StoreKind.Embedded
        ? builder.AddS3Overlay<Projects.S3Overlay_Proxy>("remote").WithDataFolder(builder.DataFolder("remote"))
        : builder.AddStore(stores, "remote", isKept: false);
    var seed = builder.AddProject<Projects.S3Overlay_Proxy>("seed", options => options.ExcludeLaunchProfile = true)
        .WithArgs("seed")
        .WithReference(remote, "local")
        .WithParentRelationship(remote)
        .WaitFor(remote);
    proxy.WithRemote(remote).WithEnvironment("S3_OVERLAY_UNMAPPED", "show").WaitForCompletion(seed);
}
else
{
    proxy.WithRemote(builder.AddConnectionString("remote"));
}

builder.Build().Run();
