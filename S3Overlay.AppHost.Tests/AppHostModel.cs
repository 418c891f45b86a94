using Microsoft.Extensions.DependencyInjection;

namespace S3Overlay.AppHost.Tests;

/// <summary>The application host's model, as its <c>AppHost.cs</c> makes it; nothing of it is started.</summary>
internal static class AppHostModel
{
    /// <summary>What makes it publish in place of running.</summary>
    public static readonly string[] Publishing = ["--publisher", "manifest", "--output-path",
        Path.Combine(Path.GetTempPath(), "never-written.json")];

    /// <summary>The model for these arguments.</summary>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync(params string[] arguments) =>
        DistributedApplicationTestingBuilder.CreateAsync<Projects.S3Overlay_AppHost>(arguments);

    /// <summary>The resource of this name.</summary>
    public static IResource Resource(this IDistributedApplicationBuilder builder, string name) =>
        Assert.Single(builder.Resources, resource => resource.Name == name);

    /// <summary>What a resource waits for, and what for.</summary>
    public static IEnumerable<(string Name, WaitType Type)> Waits(this IResource resource) =>
        resource.Annotations.OfType<WaitAnnotation>().Select(wait => (wait.Resource.Name, wait.WaitType));

    /// <summary>
    /// The environment that a resource gets; where the application publishes, with what a deployment fills in as <c>{resource.part}</c>.
    /// </summary>
    public static async Task<Dictionary<string, string>> EnvironmentAsync(this DistributedApplication application, string name)
    {
        var resource = application.Services.GetRequiredService<DistributedApplicationModel>().Resources
            .Single(resource => resource.Name == name);
        var result = await ExecutionConfigurationBuilder.Create(resource)
            .WithEnvironmentVariablesConfig()
            .BuildAsync(application.Services.GetRequiredService<DistributedApplicationExecutionContext>());
        Assert.Null(result.Exception);
        return result.EnvironmentVariables.ToDictionary();
    }
}
