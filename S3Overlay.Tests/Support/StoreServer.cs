using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Reading;
using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Tests.Support;

/// <summary>
/// The product's own S3 store in this process, on a loopback port and in a temporary folder. Its calls can be counted, delayed, refused and
/// cut, so that a test decides what happens between any two of them. Its keys are minioadmin/minioadmin by default.
/// </summary>
public sealed class StoreServer : IAsyncDisposable, ISteppedCalls
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<StoreCall> _calls = [];
    private readonly Bell _bell = new();
    private WebApplication _app = null!;
    private ProxyServices _services = null!;
    private ProxyMeters _meters = null!;
    private TimeProvider? _time;

    private StoreServer()
    {
    }

    /// <summary>Its address, path style.</summary>
    public Uri Endpoint { get; private set; } = null!;

    /// <summary>
    /// All calls so far, in the order of their responses. A call is added before the first byte of its response.
    /// </summary>
    public IReadOnlyList<StoreCall> Calls
    {
        get
        {
            lock (_calls)
            {
                return [.. _calls];
            }
        }
    }

    /// <summary>The service behind it, for tests that store very many objects without a connection. These calls are not counted.</summary>
    public IS3Service Service => _services.Service;

    /// <summary>Runs before a call takes effect. May delay it. An exception cuts the connection.</summary>
    public Func<StoreCall, Task>? Before { get; set; }

    /// <summary>Runs once a call has taken effect, before the response. May delay it. An exception cuts the connection.</summary>
    public Func<StoreCall, Task>? After { get; set; }

    /// <summary>Returns the status to respond with instead of serving the request, or null.</summary>
    public Func<HttpRequest, int?>? Refuse { get; set; }

    /// <summary>Returns the error to respond with instead of serving the request, with its document, or null.</summary>
    public Func<HttpRequest, (int Status, string Code)?>? Fail { get; set; }

    /// <summary>
    /// Changes a request before it is served: taking a header away makes a store that does not know it. Signed headers must stay.
    /// </summary>
    public Action<HttpRequest>? Alter { get; set; }

    /// <summary>Responds instead of serving the request, or returns null.</summary>
    public Func<HttpContext, Task?>? Take { get; set; }

    /// <summary>Changes the headers of a response before they are sent.</summary>
    public Action<HttpContext>? Dress { get; set; }

    /// <summary>Starts an empty store.</summary>
    /// <param name="settings">Further settings, as a proxy has them.</param>
    public static async Task<StoreServer> StartAsync(TimeProvider? time = null, params (string Name, string Value)[] settings)
    {
        var server = new StoreServer { _time = time };
        var values = new Dictionary<string, string?>
        {
            ["S3_OVERLAY_DATA_DIR"] = server._folder["data"],
            ["S3_OVERLAY_DURABLE"] = "false",
            ["urls"] = "http://127.0.0.1:0",
        };
        foreach (var (name, value) in settings)
        {
            values[name] = value;
        }

        var builder = ProxyBuilder.FromSettings(values);
        var problems = new ConfigurationProblems();
        var options = ProxyOptionsReader.Read(builder.Configuration, problems);
        Assert.Empty(problems.Errors);
        ProxyBuilder.Configure(builder, options);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        server._app = builder.Build();
        server._meters = new ProxyMeters();
        server._services = await ProxyServices.OpenAsync(options, server._meters, server._app.Services.GetRequiredService<ILoggerFactory>(),
            new Machine { Time = time ?? TimeProvider.System });
        server._app.Run(server.ServeAsync);
        await server._app.StartAsync();
        server.Endpoint =
            new Uri(server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return server;
    }

    /// <summary>Finishes once a condition holds of <see cref="Calls"/>.</summary>
    public Task UntilAsync(Func<bool> holds, string otherwise) => _bell.UntilAsync(holds, () => otherwise);

    public void ForgetCalls()
    {
        lock (_calls)
        {
            _calls.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _services.DisposeAsync();
        _meters.Dispose();
        _folder.Dispose();
    }

    private async Task ServeAsync(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        var call = new StoreCall(context.Request.Method, mark < 0 ? target : target[..mark], mark < 0 ? "" : target[(mark + 1)..], 0);
        if (!await RunAsync(Before, call, context))
        {
            Note(call);
            return;
        }

        // Runs before the head of the response is sent.
        context.Response.OnStarting(() =>
        {
            var answered = call with { Status = context.Response.StatusCode };
            Note(answered);
            if (_time is { } time)
            {
                // A proxy that computes the age of its objects from this date must not see two clocks.
                context.Response.Headers.Date = HttpDates.Header(time.GetUtcNow());
            }

            Dress?.Invoke(context);
            return RunAsync(After, answered, context);
        });
        if (Refuse?.Invoke(context.Request) is { } status)
        {
            context.Response.StatusCode = status;
            return;
        }

        if (Fail?.Invoke(context.Request) is { } failure)
        {
            await ScriptedRemote.RespondErrorAsync(context, failure.Status, failure.Code);
            return;
        }

        if (Take?.Invoke(context) is { } answered)
        {
            await answered;
            return;
        }

        Alter?.Invoke(context.Request);
        await _services.FrontDoor.HandleAsync(context);
    }

    /// <returns>Whether the call continues.</returns>
    private static async Task<bool> RunAsync(Func<StoreCall, Task>? hook, StoreCall call, HttpContext context)
    {
        try
        {
            if (hook is not null)
            {
                // A client that gave up, or the end of the test, ends the wait of a hook that hangs.
                await hook(call).WaitAsync(context.RequestAborted);
            }

            return true;
        }
        catch (Exception)
        {
            context.Abort();
            return false;
        }
    }

    private void Note(StoreCall call)
    {
        lock (_calls)
        {
            _calls.Add(call);
        }

        _bell.Ring();
    }
}
