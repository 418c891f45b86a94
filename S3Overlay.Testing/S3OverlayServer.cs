using System.Net.Sockets;
using System.Runtime.CompilerServices;

using Amazon.Runtime;
using Amazon.S3;

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Hosting;

using Known = S3Overlay.Proxy.Configuration.Settings;

namespace S3Overlay.Testing;

/// <summary>
/// S3Overlay inside a test process: an S3 endpoint on a port of 127.0.0.1 that shows a remote with the test's own changes on top. Several
/// can run at once; they share nothing. Disposing one deletes its temporary files.
/// </summary>
public sealed class S3OverlayServer : IAsyncDisposable
{
    private readonly OpenedParts _opened;
    private readonly Overlays _overlays;
    private readonly ScriptedRemote? _remote;
    private readonly ILogger _logger;

    private S3OverlayServer(
        OpenedParts opened, Overlays overlays, Uri endpoint, (string Access, string Secret) keys, ScriptedRemote? remote, ILogger logger)
    {
        (_opened, _overlays, _remote, _logger) = (opened, overlays, remote, logger);
        (Endpoint, AccessKey, SecretKey) = (endpoint, keys.Access, keys.Secret);
        Client = opened.Add(new AmazonS3Client(new BasicAWSCredentials(AccessKey, SecretKey), new AmazonS3Config
        {
            ServiceURL = endpoint.ToString(),
            AuthenticationRegion = "us-east-1",
            ForcePathStyle = true,

            // A test wants to see the error. The proxy itself repeats requests to the remote.
            MaxErrorRetry = 0,
        }));
    }

    /// <summary>The URL. Buckets are in the path: <c>http://127.0.0.1:port/bucket/key</c>.</summary>
    public Uri Endpoint { get; }

    /// <summary>The access key that clients sign with. It may do everything.</summary>
    public string AccessKey { get; }

    /// <summary>The secret key for it.</summary>
    public string SecretKey { get; }

    /// <summary>Endpoint and keys as <c>Endpoint=...;AccessKey=...;SecretKey=...</c>, the form of S3Overlay.Client.</summary>
    public string ConnectionString => $"Endpoint={Endpoint.ToString().TrimEnd('/')};AccessKey={AccessKey};SecretKey={SecretKey}";

    /// <summary>A client of it. It does not repeat failed requests, and is disposed with the server.</summary>
    public IAmazonS3 Client { get; }

    /// <summary>The remote of <see cref="S3OverlayOptions.ScriptedRemote"/>.</summary>
    /// <exception cref="InvalidOperationException">The server was started without one.</exception>
    public ScriptedRemote Remote => _remote
        ?? throw new InvalidOperationException("This server has no scripted remote. Start it with o => o.ScriptedRemote(...).");

    /// <summary>Starts one.</summary>
    /// <param name="configure">Sets options. Null for none: an empty S3 server.</param>
    /// <exception cref="S3OverlayException">An option is wrong, or a folder or port cannot be used.</exception>
    public static async Task<S3OverlayServer> StartAsync(Action<S3OverlayOptions>? configure = null)
    {
        var options = new S3OverlayOptions();
        configure?.Invoke(options);
        var opened = new OpenedParts();
        try
        {
            return await StartAsync(options, opened);
        }
        catch (Exception failure)
        {
            await opened.DisposeAsync();
            if (failure is not StartupException problem)
            {
                throw;
            }

            var option = problem.Message.Contains(Known.CacheDirectory.Name, StringComparison.Ordinal)
                ? nameof(S3OverlayOptions.Cache) : nameof(S3OverlayOptions.Folder);
            throw new S3OverlayException($"{option}: {problem.Message}", problem);
        }
    }

    /// <summary>
    /// What clients wrote and deleted since the start or the last reset, by bucket and key. Writes that run at the same time may be
    /// missing. Keys that were added and deleted again are no change.
    /// </summary>
    public async IAsyncEnumerable<S3Change> Changes([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var overlay = _overlays.HoldCurrent();
        try
        {
            await foreach (var change in ChangeListing.ReadAsync(overlay.Services, _logger, cancellationToken))
            {
                yield return change;
            }
        }
        finally
        {
            overlay.Release();
        }
    }

    /// <summary>
    /// Undoes all changes: requests that begin after it see only the remote. It costs the same however many changes there were, because
    /// their files are deleted later. Requests that run already finish as if nothing had happened. The cache stays.
    /// </summary>
    public Task ResetAsync(CancellationToken cancellationToken = default) => _overlays.ResetAsync(cancellationToken);

    /// <summary>Cuts running requests, closes the port and deletes the temporary files.</summary>
    public ValueTask DisposeAsync() => _opened.DisposeAsync();

    private static async Task<S3OverlayServer> StartAsync(S3OverlayOptions options, OpenedParts opened)
    {
        var remote = options.Script is not { } script ? null : opened.Add(await ScriptedRemote.StartAsync(script, options.Clock));
        if (remote is not null)
        {
            options.UseScripted(remote);
        }

        var keys = options.ClientKeys ?? ServerSettings.NewKeys();
        var folder = opened.Add(new TestFolder(options.ParentFolder));
        var settings = ServerSettings.Read(options, keys, folder);
        var machine = new Machine { Time = options.Clock, ClientTime = TimeProvider.System };
        var loggers = options.Loggers ?? NullLoggerFactory.Instance;
        var overlays = opened.Add(await Overlays.OpenAsync(settings, loggers, machine, folder));
        var port = opened.Add(await ListenAsync(options, overlays));
        return new S3OverlayServer(opened, overlays, port.Endpoint, keys, remote, loggers.CreateLogger<S3OverlayServer>());
    }

    private static async Task<LoopbackPort> ListenAsync(S3OverlayOptions options, Overlays overlays)
    {
        var none = new ConfigurationBuilder().Build();
        try
        {
            return await LoopbackPort.StartAsync(
                options.ListenPort, options.Loggers, kestrel => KestrelSettings.Apply(kestrel, none), overlays.ServeAsync);
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            throw new S3OverlayException($"Port: {options.ListenPort} cannot be used: {failure.Message} "
                + "Choose another, or leave the option out to get a free one.", failure);
        }
    }
}
