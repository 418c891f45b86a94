using Microsoft.Extensions.Configuration;

using S3Overlay.AppHost;

var builder = DistributedApplication.CreateBuilder(args);
var run = builder.ExecutionContext.IsRunMode;
var stores = StoreKinds.Read(builder.Configuration);

// 1 The overlay, which everything else is for.
var proxy = builder.AddS3Overlay<Projects.S3Overlay_Proxy>("proxy").WithCaching().WithExternalHttpEndpoints();

// 2 What is written: in a store that two proxies share, or in a folder, which has one owner.
if (stores == StoreKind.Embedded)
{
    proxy.WithDataFolder(builder.DataFolder("local"));
}
else
{
    var local = builder.AddStore(stores, stores == StoreKind.RustFs ? "rustfs" : "minio", isKept: true);
    proxy.WithLocal(local).WaitFor(local).WithReplicas(run ? 2 : 1);
}

// 3 What is read: somebody else's service, by its connection string; where there is none, a stand-in with sample objects.
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
    proxy.WithRemote(remote).WaitForCompletion(seed);
}
else
{
    proxy.WithRemote(builder.AddConnectionString("remote"));
}

builder.Build().Run();
