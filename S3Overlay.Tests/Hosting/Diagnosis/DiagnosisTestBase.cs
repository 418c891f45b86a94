using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Hosting.Diagnosis;
using S3Overlay.Proxy.Telemetry;
using S3Overlay.Tests.Configuration;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Hosting.Diagnosis;

/// <summary>Checks of remotes, built from the settings, against a scripted remote.</summary>
public abstract class DiagnosisTestBase : OptionsTestBase, IAsyncLifetime
{
    private readonly OpenedParts _opened = new();
    private readonly ProxyMeters _meters = new();

    private protected ManualTimeProvider Clock { get; } = new(DateTimeOffset.UtcNow);

    private protected ScriptedRemote Server { get; private set; } = null!;

    /// <summary>The server's address as settings have it.</summary>
    private protected string Address => Server.Endpoint.ToString().TrimEnd('/');

    public async Task InitializeAsync() => Server = await ScriptedRemote.StartAsync();

    public async Task DisposeAsync()
    {
        await _opened.DisposeAsync();
        _meters.Dispose();
        await Server.DisposeAsync();
    }

    /// <summary>The checks of the first remote that the settings have: the server, unless they name another.</summary>
    private protected RemoteChecks ChecksOf(params string[] settings)
    {
        string[] common =
        [
            "S3_OVERLAY_REMOTE_CONNECT_TIMEOUT=3m", "S3_OVERLAY_REMOTE_BUDGET=10m", "S3_OVERLAY_REMOTE_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
            "S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY=hush-hush",
        ];
        var endpoint = settings.Any(setting => setting.Contains("_ENDPOINT=", StringComparison.Ordinal)) ? Array.Empty<string>()
            : [$"S3_OVERLAY_REMOTE_ENDPOINT={Address}"];
        var options =
            Read([.. common.Where(setting => !settings
            .Any(own => own.StartsWith(setting[..(setting.IndexOf('=') + 1)], StringComparison.Ordinal))), .. endpoint, .. settings]);
        return new Composition(options, _meters, NullLoggerFactory.Instance, new Machine { Time = Clock }, _opened)
            .OpenRemotes()!.Checks[0];
    }

    /// <summary>Makes the server respond to everything with an error.</summary>
    private protected void Answer(int status, string code) => Server.Script = async (_, context) =>
    {
        await ScriptedRemote.RespondErrorAsync(context, status, code);
        return ScriptedOutcome.Answered;
    };
}
