using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace S3Overlay.Tests.Client;

/// <summary>Builds an application's services as its <c>Program.cs</c> does, with this configuration and none of the machine's.</summary>
public abstract class ClientTestBase
{
    /// <summary>The services of an application with this configuration.</summary>
    protected static ServiceProvider Build(Action<IHostApplicationBuilder> add, params (string Name, string Value)[] configuration)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(configuration.Select(pair => KeyValuePair.Create(pair.Name, (string?)pair.Value)));
        builder.Services.AddLogging();
        add(builder);
        return builder.Services.BuildServiceProvider();
    }
}
