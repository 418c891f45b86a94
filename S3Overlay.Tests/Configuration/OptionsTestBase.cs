using Microsoft.Extensions.Configuration;

using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Reading;

namespace S3Overlay.Tests.Configuration;

/// <summary>Reads options from settings given as <c>NAME=value</c>.</summary>
public abstract class OptionsTestBase
{
    /// <summary>The options and everything that was found wrong.</summary>
    protected static (ProxyOptions Options, ConfigurationProblems Problems) ReadAll(params string[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => setting.Split('=', 2))
                .Select(pair => KeyValuePair.Create(pair[0], (string?)pair[1])))
            .Build();
        var problems = new ConfigurationProblems();
        return (ProxyOptionsReader.Read(configuration, problems), problems);
    }

    /// <summary>The options, of settings that must be free of errors.</summary>
    protected static ProxyOptions Read(params string[] settings)
    {
        var (options, problems) = ReadAll(settings);
        Assert.Empty(problems.Errors);
        return options;
    }

    /// <summary>The one error that the settings must have.</summary>
    protected static ConfigurationProblem ReadError(params string[] settings) => Assert.Single(ReadAll(settings).Problems.Errors);
}
