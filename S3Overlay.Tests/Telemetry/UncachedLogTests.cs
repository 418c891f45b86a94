using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Reading;
using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Telemetry;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Telemetry;

/// <summary>
/// Clients that accept only cached objects may get as many refusals as they like. The log of failures does not record them.
/// </summary>
[Trait("Rule", "S3")]
public sealed class UncachedLogTests
{
    [Theory]
    [InlineData("only-if-cached", 504, false)]
    [InlineData("no-store", 503, true)]
    public async Task Only_a_miss_of_only_if_cached_is_no_failure(string said, int status, bool isLogged)
    {
        using var folder = new TemporaryFolder();
        using var meters = new ProxyMeters();
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Script = static async (_, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, 403, "InvalidAccessKeyId");
            return ScriptedOutcome.Answered;
        };
        var builder = ProxyBuilder.FromSettings(new Dictionary<string, string?>
        {
            ["S3_OVERLAY_DATA_DIR"] = folder["data"],
            ["S3_OVERLAY_REMOTE_ENDPOINT"] = remote.Endpoint.ToString().TrimEnd('/'),
            ["S3_OVERLAY_REMOTE_ACCESS_KEY_ID"] = "remote",
            ["S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY"] = "remote",
            ["S3_OVERLAY_CACHE_ENABLED"] = "true",
            ["urls"] = "http://127.0.0.1:0",
        });
        var problems = new ConfigurationProblems();
        var options = ProxyOptionsReader.Read(builder.Configuration, problems);
        Assert.Empty(problems.Errors);
        var log = new EventLogger();
        using var loggers = new OneLog(log);
        await using var services = await ProxyServices.OpenAsync(options, meters, loggers);

        var context = new DefaultHttpContext();
        context.Request.Method = "GET";
        context.Request.Host = new HostString("127.0.0.1");
        context.Request.Headers.CacheControl = said;
        var signer = new RequestSigner(new SigningCredentials("minioadmin", "minioadmin"), "us-east-1");
        foreach (var (name, value) in signer.Sign("GET", "127.0.0.1", "/photos/key", "", [], SigV4.UnsignedPayload,
            DateTimeOffset.UtcNow).Headers)
        {
            context.Request.Headers[name] = value;
        }

        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = "/photos/key";
        await services.FrontDoor.HandleAsync(context);

        Assert.Equal(status, context.Response.StatusCode);
        Assert.Equal(isLogged, log.Names.Any(static name => name is "RequestFailed" or "RequestUnavailable"));
    }

    /// <summary>One log for everybody.</summary>
    private sealed class OneLog(ILogger log) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => log;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
