namespace S3Overlay.AppHost.Tests;

/// <summary>What the application host is made of, with each kind of store.</summary>
public sealed class ModelTests
{
    [Fact]
    public async Task Two_proxies_share_MinIO_and_wait_for_a_remote_with_something_in_it()
    {
        await using var builder = await AppHostModel.CreateAsync();
        var proxy = Assert.IsType<S3OverlayResource>(builder.Resource("proxy"));

        Assert.Equal(["minio", "remote"], builder.Resources.OfType<ContainerResource>().Select(container => container.Name).Order());
        Assert.Equal(("minio", "remote"), (proxy.Local!.Name, proxy.Remote!.Name));
        Assert.Equal(2, proxy.Annotations.OfType<ReplicaAnnotation>().Single().Replicas);
        Assert.Single(proxy.Annotations.OfType<HealthCheckAnnotation>());
        Assert.Contains(("minio", WaitType.WaitUntilHealthy), proxy.Waits());
        Assert.Contains(("seed", WaitType.WaitForCompletion), proxy.Waits());
        Assert.Contains(("remote", WaitType.WaitUntilHealthy), builder.Resource("seed").Waits());
        Assert.True(proxy.PrimaryEndpoint.EndpointAnnotation.IsExternal);
    }

    [Fact]
    public async Task MinIOs_image_is_where_it_still_is_and_only_local_is_kept()
    {
        await using var builder = await AppHostModel.CreateAsync();

        foreach (var name in new[] { "minio", "remote" })
        {
            Assert.Equal("quay.io", builder.Resource(name).Annotations.OfType<ContainerImageAnnotation>().Single().Registry);
        }

        Assert.Equal("s3overlay-minio", builder.Resource("minio").Annotations.OfType<ContainerMountAnnotation>().Single().Source);
        Assert.Empty(builder.Resource("remote").Annotations.OfType<ContainerMountAnnotation>());
    }

    [Fact]
    public async Task RustFS_takes_MinIOs_place_by_configuration()
    {
        await using var builder = await AppHostModel.CreateAsync("--S3Overlay:Stores=rustfs");

        Assert.Equal(["remote", "rustfs"], builder.Resources.OfType<ContainerResource>().Select(store => store.Name).Order());
        Assert.Equal("rustfs/rustfs", builder.Resource("remote").Annotations.OfType<ContainerImageAnnotation>().Single().Image);
        Assert.Equal("rustfs", Assert.IsType<S3OverlayResource>(builder.Resource("proxy")).Local!.Name);
    }

    [Fact]
    public async Task Embedded_has_no_container_and_one_proxy_and_a_second_one_as_its_remote()
    {
        await using var builder = await AppHostModel.CreateAsync("--S3Overlay:Stores=Embedded");
        var (proxy, remote) = (Assert.IsType<S3OverlayResource>(builder.Resource("proxy")),
            Assert.IsType<S3OverlayResource>(builder.Resource("remote")));

        Assert.Empty(builder.Resources.OfType<ContainerResource>());
        Assert.Equal((null, remote), (proxy.Local, proxy.Remote));
        Assert.Equal((null, null), (remote.Local, remote.Remote));
        Assert.Empty(proxy.Annotations.OfType<ReplicaAnnotation>());
    }

    [Fact]
    public async Task A_real_remote_is_its_connection_string_and_is_not_seeded()
    {
        await using var builder =
            await AppHostModel.CreateAsync("--ConnectionStrings:remote=Endpoint=https://s3.example.com;AccessKey=a;SecretKey=b");

        Assert.DoesNotContain(builder.Resources, resource => resource.Name == "seed");
        Assert.Equal(["minio"], builder.Resources.OfType<ContainerResource>().Select(container => container.Name));
        Assert.Equal("remote", Assert.IsType<S3OverlayResource>(builder.Resource("proxy")).Remote!.Name);
    }

    [Fact]
    public async Task A_kind_of_store_that_there_is_not_is_told()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => AppHostModel.CreateAsync("--S3Overlay:Stores=floppy"));

        Assert.Contains("minio, rustfs or embedded", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_published_proxy_is_told_where_its_stores_are_and_who_may_come_in()
    {
        await using var builder = await AppHostModel.CreateAsync(AppHostModel.Publishing);

        await using var application = await builder.BuildAsync();
        var environment = await application.EnvironmentAsync("proxy");

        Assert.Equal("{minio.connectionString}", environment["ConnectionStrings__local"]);
        Assert.Equal("{remote.connectionString}", environment["ConnectionStrings__remote"]);
        Assert.Equal(("{proxy-access-key.value}", "{proxy-secret-key.value}"),
            (environment["S3_OVERLAY_ACCESS_KEY"], environment["S3_OVERLAY_SECRET_KEY"]));
        Assert.Equal("true", environment["S3_OVERLAY_CACHE_ENABLED"]);
        Assert.DoesNotContain("S3_OVERLAY_PROXIES", environment.Keys);
        Assert.DoesNotContain(builder.Resources, resource => resource.Name is "seed");
    }
}
