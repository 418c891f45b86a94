using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Reading;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Hosting.WebConsole;
using S3Overlay.Proxy.Telemetry;
using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.Tests.Support;

/// <summary>A whole proxy in this process on its own port: composed as for users, with a clock that a test may control.</summary>
internal sealed class OverlayHost : IAsyncDisposable
{
    /// <summary>A machine on which every host name is this machine: few resolve names under localhost.</summary>
    public static readonly Machine ResolvingLocalhost = new()
    {
        Connect = static async (host, token) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, host.Port, token);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };

    private readonly RunningProxy _proxy;
    private readonly TemporaryFolder _folder;
    private readonly TimeProvider _time;

    private OverlayHost(RunningProxy proxy, TemporaryFolder folder, TimeProvider time)
    {
        (_proxy, _folder, _time) = (proxy, folder, time);
        Http = new SignedHttp(new Uri(proxy.Endpoint)) { Clock = time };
    }

    public Uri Endpoint => new(_proxy.Endpoint);

    public SignedHttp Http { get; }

    /// <summary>The management address. Null if there is none.</summary>
    public Uri? Management => _proxy.Management;

    /// <summary>The web console. Null unless its setting was set.</summary>
    public Uri? WebConsole => _proxy.WebConsole;

    /// <summary>The proxy as a console sees it.</summary>
    public required IProxy ForConsole { get; init; }

    /// <summary>Whether the console has had a request.</summary>
    public bool IsConsoleLoaded => _proxy.IsConsoleLoaded;

    public TemporaryFolder Folder => _folder;

    public ProxyServices Services => _proxy.Services;

    /// <summary>What it did since its start.</summary>
    public ProxyStatistics Statistics => _proxy.Statistics;

    /// <summary>S3 requests in progress.</summary>
    public long InProgress => _proxy.Meters.InProgress;

    /// <summary>The entries in the store. Null if the cache is off.</summary>
    public BucketCacheStore? Copies => Services.Local.Cache as BucketCacheStore;

    /// <summary>Starts one over the built-in store, and over a remote if given.</summary>
    public static Task<OverlayHost> StartEmbeddedAsync(Uri? remote, params (string Name, string Value)[] settings) =>
        StartAsync(null, remote, null, settings);

    /// <summary>Starts one over a store (by default the built-in one), and over a remote if given.</summary>
    public static Task<OverlayHost> StartAsync(Uri? store, Uri? remote, TimeProvider? time = null,
        params (string Name, string Value)[] settings) =>
        StartOnAsync(MachineWith(time), store, remote, settings);

    /// <summary>The same, with the given disk for the built-in store.</summary>
    public static Task<OverlayHost> StartOnDiskAsync(StoreDisk disk, Uri? remote, TimeProvider? time = null,
        params (string Name, string Value)[] settings) =>
        StartOnAsync(MachineWith(time) with { Disk = disk }, null, remote, settings);

    /// <summary>The same, on the given machine.</summary>
    public static async Task<OverlayHost> StartOnAsync(Machine machine, Uri? store, Uri? remote,
        params (string Name, string Value)[] settings)
    {
        var folder = new TemporaryFolder();
        var values = new Dictionary<string, string?>
        {
            ["S3_OVERLAY_LOCAL_ENDPOINT"] = store?.ToString().TrimEnd('/'),
            ["S3_OVERLAY_SPOOL_DIR"] = folder["spool"],
            ["S3_OVERLAY_DATA_DIR"] = folder["data"],
            ["S3_OVERLAY_SHUTDOWN_TIMEOUT"] = "5s",
            ["urls"] = "http://127.0.0.1:0",
            ["Logging:LogLevel:Default"] = "None",
            ["Logging:LogLevel:S3Overlay"] = "None",
        };
        if (remote is not null)
        {
            values["S3_OVERLAY_REMOTE_ENDPOINT"] = remote.ToString().TrimEnd('/');
            values["S3_OVERLAY_REMOTE_ACCESS_KEY_ID"] = "remote";
            values["S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY"] = "remote";
            if (machine.Time == TimeProvider.System && !settings.Any(static setting => setting.Name == "S3_OVERLAY_REMOTE_BUDGET"))
            {
                // Uses the machine's clock: a machine that is busy with other tests must not look like a hanging remote.
                values["S3_OVERLAY_REMOTE_CONNECT_TIMEOUT"] = values["S3_OVERLAY_REMOTE_FIRST_BYTE_TIMEOUT"] =
                    values["S3_OVERLAY_REMOTE_STALL_TIMEOUT"] = "3m";
                values["S3_OVERLAY_REMOTE_BUDGET"] = "10m";
            }
        }

        foreach (var (name, value) in settings)
        {
            values[name] = value;
        }

        var builder = ProxyBuilder.FromSettings(values);
        var problems = new ConfigurationProblems();
        var options = ProxyOptionsReader.Read(builder.Configuration, problems);
        Assert.Empty(problems.Errors);
        RunningProxy proxy;
        try
        {
            proxy = await RunningProxy.StartAsync(builder, options, problems, machine);
            if (!options.Console.IsDefault)
            {
                await proxy.OpenConsoleAsync();
            }
        }
        catch
        {
            folder.Dispose();
            throw;
        }

        var host = new OverlayHost(proxy, folder, machine.Time)
        {
            ForConsole = new ProxyOfConsole(proxy.Services, options, new Uri(proxy.Endpoint), proxy.Services.SignInLinks, machine),
        };

        // A start waits only a while for the probe of the store. On a busy machine the probe would continue during the test's own calls.
        await (host.Services.Local.Conditions is StoreProbe probe ? probe.Probing : Task.CompletedTask)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return host;
    }

    /// <summary>Starts the background probes of remotes and mapped buckets, as the program does once it listens.</summary>
    public void StartProbing() => _proxy.StartProbing();

    /// <summary>A link that signs in to the console once.</summary>
    public Uri MintSignInLink() => _proxy.MintSignInLink()!;

    private static Machine MachineWith(TimeProvider? time) => new() { Time = time ?? TimeProvider.System };

    /// <summary>Stops it as SIGTERM does, on the given clock.</summary>
    public Task StopAsync(TimeProvider time) => _proxy.StopAsync(time);

    /// <summary>Sends a request. The response has the body as far as it arrived.</summary>
    public Task<RawResponse> SendAsync(string method, string target, string? body = null, params (string Name, string Value)[] headers) =>
        Http.SendAsync(method, target, body is null ? null : System.Text.Encoding.UTF8.GetBytes(body), headers);

    /// <summary>
    /// Finishes once no fill, no revalidation and no upload to the store is under way. Does not wait for manifests that are due
    /// later on the proxy's clock.
    /// </summary>
    public async Task WhenIdleAsync()
    {
        var waited = Stopwatch.StartNew();
        bool hasMoved;
        do
        {
            var idle = IdleAsync();
            hasMoved = false;

            // A failed store call is retried after a pause, which would never end on a clock that does not move.
            while (_time is ManualTimeProvider still && await Task.WhenAny(idle, Task.Delay(500)) != idle
                && waited.Elapsed < Patience.Limit)
            {
                still.EndPause(ManualTimeProvider.LongestPause);
                hasMoved = true;
            }

            await idle.WaitAsync(Patience.Limit);
        }
        while (hasMoved);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _folder.Dispose();
    }

    private async Task IdleAsync()
    {
        await Patience.UntilAsync(() => Services.Overlay is null or { Reader: { Refreshing: 0, Revalidating: 0 } },
            "A question to the remote does not end.");
        await Patience.UntilAsync(() => Services.Overlay?.Reader.Fills is null or { Objects.InUse: 0 }, "A fill does not end.");
        await (Copies?.WhenIdleAsync() ?? Task.CompletedTask);
    }
}
