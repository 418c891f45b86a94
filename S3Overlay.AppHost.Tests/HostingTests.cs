using Microsoft.Extensions.DependencyInjection;

namespace S3Overlay.AppHost.Tests;

/// <summary>The integration as others use it: <c>AddS3Overlay</c> and what can be said of it.</summary>
public sealed class HostingTests
{
    [Fact]
    public async Task It_is_the_proxys_project_over_what_it_is_given()
    {
        var builder = Publishing();
        var (store, remote) = (builder.AddConnectionString("store"), builder.AddConnectionString("production"));

        var overlay = builder.AddS3Overlay("s3").WithLocal(store).WithRemote(remote).WithBucketMapping("photos", "prod-photos")
            .WithBucketMapping("models", "prod-data/models");
        await using var application = builder.Build();
        var environment = await application.EnvironmentAsync("s3");

        Assert.Equal(Path.Combine(Repository.Root, "S3Overlay.Proxy", "S3Overlay.Proxy.csproj"),
            overlay.Resource.GetProjectMetadata().ProjectPath);
        Assert.Equal(("{store.connectionString}", "{production.connectionString}"),
            (environment["ConnectionStrings__local"], environment["ConnectionStrings__remote"]));
        Assert.Equal("models:prod-data/models,photos:prod-photos", environment["S3_OVERLAY_BUCKET_MAPPING"]);
        Assert.DoesNotContain("S3_OVERLAY_CACHE_ENABLED", environment.Keys);
    }

    [Fact]
    public async Task Remotes_that_have_names_are_told_with_what_they_have()
    {
        var builder = Publishing();
        builder.AddS3Overlay("s3")
            .WithRemote("models", builder.AddConnectionString("store"), "models", "data/models/:ml-prod/released/")
            .WithRemote("logs-eu", builder.AddConnectionString("production"), "*");

        await using var application = builder.Build();
        var environment = await application.EnvironmentAsync("s3");

        Assert.Equal(("{store.connectionString}", "{production.connectionString}"),
            (environment["ConnectionStrings__remote_models"], environment["ConnectionStrings__remote_logs-eu"]));
        Assert.Equal("models,logs-eu", environment["S3_OVERLAY_REMOTES"]);
        Assert.Equal(("models,data/models/:ml-prod/released/", "*"),
            (environment["S3_OVERLAY_REMOTE_MODELS_BACKS"], environment["S3_OVERLAY_REMOTE_LOGS_EU_BACKS"]));
    }

    [Fact]
    public async Task Whoever_references_it_gets_a_connection_string_that_a_manifest_can_resolve()
    {
        var builder = Publishing();
        var overlay = builder.AddS3Overlay("s3", builder.AddParameter("who"), builder.AddParameter("secret", secret: true));
        builder.AddContainer("app", "image").WithReference(overlay).WithReference(overlay, "other");

        await using var application = builder.Build();
        var environment = await application.EnvironmentAsync("app");

        const string Expected = "Endpoint={s3.bindings.http.url};AccessKey={who.value};SecretKey={secret.value}";
        Assert.Equal((Expected, Expected), (environment["ConnectionStrings__s3"], environment["ConnectionStrings__other"]));
        Assert.Equal("{s3.bindings.http.host}", environment["S3_HOST"]);
        Assert.DoesNotContain(environment.Keys, name => name.StartsWith("services__", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Replicas_know_how_many_they_are()
    {
        var builder = Publishing();
        var overlay = builder.AddS3Overlay("s3").WithLocal(builder.AddConnectionString("store")).WithReplicas(3);

        await using var application = builder.Build();
        Assert.Equal(3, overlay.Resource.Annotations.OfType<ReplicaAnnotation>().Single().Replicas);
        Assert.Equal("3", (await application.EnvironmentAsync("s3"))["S3_OVERLAY_PROXIES"]);
    }

    [Fact]
    public async Task Replicas_with_a_data_folder_do_not_start()
    {
        var builder = Publishing();
        builder.AddS3Overlay("s3").WithReplicas(2);

        await using var application = builder.Build();
        var starting = new BeforeStartEvent(application.Services, application.Services.GetRequiredService<DistributedApplicationModel>());
        var error = await Assert.ThrowsAsync<DistributedApplicationException>(() => builder.Eventing.PublishAsync(starting));

        Assert.Contains("Call WithLocal", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_overlay_has_a_data_folder_of_its_own()
    {
        var builder = DistributedApplication.CreateBuilder();
        var folders = new[] { builder.AddS3Overlay("first"), builder.AddS3Overlay("second"),
            builder.AddS3Overlay("third").WithDataFolder("data/s3") }
            .Select(overlay =>
            {
                var context = new EnvironmentCallbackContext(new(DistributedApplicationOperation.Run));
                overlay.Resource.Describe(context);
                return (string)context.EnvironmentVariables["S3_OVERLAY_DATA_DIR"];
            })
            .ToList();

        Assert.Equal(["first", "second", "s3"], folders.Select(Path.GetFileName));
        Assert.All(folders, folder => Assert.True(Path.IsPathFullyQualified(folder), folder));
        Assert.Equal(Path.Combine(builder.AppHostDirectory, "data", "s3"), folders[2]);
        Assert.DoesNotContain(builder.AppHostDirectory, folders[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_console_runs_if_it_is_asked_for()
    {
        var builder = DistributedApplication.CreateBuilder();
        var (without, with, many) = (builder.AddS3Overlay("a"), builder.AddS3Overlay("b").WithConsole(8001),
            builder.AddS3Overlay("c").WithLocal(builder.AddConnectionString("store")).WithReplicas(2).WithConsole());

        Assert.Equal(["false", "http://localhost:8001", "http://127.0.0.1:0"], new[] { without, with, many }.Select(static overlay =>
        {
            var context = new EnvironmentCallbackContext(new(DistributedApplicationOperation.Run));
            overlay.Resource.Describe(context);
            return (string)context.EnvironmentVariables["S3_OVERLAY_CONSOLE_URLS"];
        }));
    }

    [Fact]
    public void A_console_has_its_own_port_and_replicas_have_one_each()
    {
        var builder = DistributedApplication.CreateBuilder();
        var store = builder.AddConnectionString("store");
        var one = builder.AddS3Overlay("one").WithConsole(8001);
        var many = new[] { builder.AddS3Overlay("many").WithLocal(store).WithConsole().WithReplicas(2),
            builder.AddS3Overlay("more").WithLocal(store).WithReplicas(2).WithConsole() };

        var endpoint = Assert.Single(one.Resource.Annotations.OfType<EndpointAnnotation>(), static each => each.Name == "console");
        Assert.Equal((8001, 8001, false), (endpoint.Port, endpoint.TargetPort, endpoint.IsProxied));
        Assert.All(many, static each => Assert.DoesNotContain(
            each.Resource.Annotations.OfType<EndpointAnnotation>(), static endpoint => endpoint.Name == "console"));
    }

    [Fact]
    public void Consoles_of_replicas_cannot_have_the_same_port()
    {
        var builder = DistributedApplication.CreateBuilder();
        var overlay = builder.AddS3Overlay("s3").WithLocal(builder.AddConnectionString("store")).WithReplicas(2).WithConsole(8001);

        var error = Assert.Throws<DistributedApplicationException>(overlay.Resource.Check);

        Assert.Contains("Call WithConsole without it", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_console_is_published()
    {
        var builder = Publishing();
        builder.AddS3Overlay("s3").WithConsole();

        await using var application = builder.Build();
        Assert.DoesNotContain("S3_OVERLAY_CONSOLE_URLS", (await application.EnvironmentAsync("s3")).Keys);
    }

    [Fact]
    public async Task No_folder_of_this_machine_is_published()
    {
        var builder = Publishing();
        builder.AddS3Overlay("s3").WithDataFolder("data/s3");

        await using var application = builder.Build();
        Assert.DoesNotContain("S3_OVERLAY_DATA_DIR", (await application.EnvironmentAsync("s3")).Keys);
    }

    [Fact]
    public void Generated_keys_are_secret_parameters_of_the_model()
    {
        var builder = Publishing();
        var overlay = builder.AddS3Overlay("s3").Resource;

        Assert.Equal([overlay.AccessKey, overlay.SecretKey], builder.Resources.OfType<ParameterResource>());
        Assert.All(builder.Resources.OfType<ParameterResource>(), key => Assert.True(key.Secret));
    }

    [Fact]
    public async Task A_bucket_has_the_overlays_connection_string_with_its_name()
    {
        var builder = Publishing();
        var overlay = builder.AddS3Overlay("s3", builder.AddParameter("who"), builder.AddParameter("secret", secret: true));
        builder.AddContainer("app", "image").WithReference(overlay.AddBucket("photos"))
            .WithReference(overlay.AddBucket("models", "ml-models"));

        await using var application = builder.Build();
        var environment = await application.EnvironmentAsync("app");

        Assert.Equal("photos", environment["PHOTOS_BUCKET"]);
        Assert.Equal("ml-models", environment["MODELS_BUCKET"]);
        Assert.Equal("{who.value}", environment["PHOTOS_ACCESSKEY"]);
        Assert.Equal("{photos.connectionString}", environment["ConnectionStrings__photos"]);
        Assert.Equal(
            "Endpoint={s3.bindings.http.url};AccessKey={who.value};SecretKey={secret.value};Bucket=photos",
            ((IResourceWithConnectionString)builder.Resource("photos")).ConnectionStringExpression.ValueExpression);
    }

    [Theory]
    [InlineData("Photos")]
    [InlineData("no")]
    [InlineData("a_b")]
    public void A_name_that_no_bucket_can_have_is_refused(string bucket) =>
        Assert.Throws<ArgumentException>(() => Publishing().AddS3Overlay("s3").AddBucket("photos", bucket));

    [Fact]
    public void A_redirected_overlay_has_the_other_resources_connection_string()
    {
        var builder = Publishing();
        var overlay = builder.AddS3Overlay("s3");

        overlay.WithConnectionStringRedirection(builder.AddConnectionString("elsewhere").Resource);

        Assert.Equal("{elsewhere.connectionString}", overlay.Resource.ConnectionStringExpression.ValueExpression);
        Assert.Equal("{s3.bindings.http.host}", overlay.Resource.Host.ValueExpression);
        Assert.Equal("{s3.bindings.http.port}", overlay.Resource.Port.ValueExpression);
        Assert.Equal("{s3.bindings.http.url}", overlay.Resource.UriExpression.ValueExpression);
    }

    [Theory]
    [InlineData("photos", "other")]
    [InlineData("a:b", "other")]
    [InlineData("a", "b,c:d")]
    [InlineData("", "other")]
    [InlineData("{\"a\"", "other")]
    public void A_mapping_that_the_setting_could_not_hold_is_refused(string local, string remote)
    {
        var overlay = Publishing().AddS3Overlay("s3").WithBucketMapping("photos", "prod-photos");

        Assert.ThrowsAny<ArgumentException>(() => overlay.WithBucketMapping(local, remote));
    }

    private static IDistributedApplicationBuilder Publishing() => DistributedApplication.CreateBuilder(AppHostModel.Publishing);
}
