using System.Globalization;
using System.Text;

using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Benchmarks.Servers;

/// <summary>The built proxy in local-only mode, its objects put there over HTTP. Requests are signed once and sent again: a signature is good for 15 minutes.</summary>
public sealed class ProxyServer : IServerUnderTest
{
    /// <summary>The bucket that holds the objects.</summary>
    public const string Bucket = "bench";

    private static readonly RequestSigner Signer = new(new SigningCredentials("minioadmin", "minioadmin"), "us-east-1");

    private readonly ServerProcess? _process;

    private ProxyServer(ServerProcess? process, int port) => (_process, Port) = (process, port);

    /// <inheritdoc/>
    public string Name { get; private init; } = "proxy";

    /// <inheritdoc/>
    public int Port { get; }

    /// <summary>A proxy that runs already, and is ended by whoever started it.</summary>
    public static ProxyServer At(int port) => new(null, port);

    /// <summary>Starts the proxy over a fresh data folder and uploads the files.</summary>
    public static async Task<ProxyServer> StartAsync(
        string folder, IReadOnlyDictionary<string, string> files, string? assembly, string name = "proxy", int processor = 0)
    {
        assembly ??= typeof(S3Overlay.Proxy.Protocol.S3Request).Assembly.Location;
        var port = ServerProcess.FreePort();
        var process = await ServerProcess.StartAsync(
            port,
            "dotnet",
            [assembly, "--urls", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}")],
            new Dictionary<string, string> { ["S3_OVERLAY_DATA_DIR"] = Path.Combine(folder, "data-" + name) },
            processor);
        var server = new ProxyServer(process, port) { Name = name };
        using var client = new HttpClient();
        await server.PutAsync(client, $"/{Bucket}", new ByteArrayContent([]));
        foreach (var (key, path) in files)
        {
            await using var file = File.OpenRead(path);
            await server.PutAsync(client, $"/{Bucket}/{key}", new StreamContent(file));
        }

        return server;
    }

    /// <summary>Starts the proxy without a store of its own, in front of an S3 endpoint on a loopback port.</summary>
    public static async Task<ProxyServer> StartForwardingAsync(string folder, int upstream, string? assembly, string name = "proxy")
    {
        var port = ServerProcess.FreePort();
        return new ProxyServer(
            await ServerProcess.StartAsync(
                port,
                "dotnet",
                [assembly ?? typeof(S3Overlay.Proxy.Protocol.S3Request).Assembly.Location, "--urls", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}")],
                new Dictionary<string, string>
                {
                    ["S3_OVERLAY_DATA_DIR"] = Path.Combine(folder, "unused-" + name),
                    ["S3_OVERLAY_LOCAL_ENDPOINT"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{upstream}"),
                }),
            port)
        {
            Name = name,
        };
    }

    /// <inheritdoc/>
    public byte[][] Requests(Workload workload) =>
    [
        .. Enumerable.Range(0, workload.Variants).Select(variant => Request(workload, variant, Bucket)),
    ];

    /// <summary>One of a workload's requests, for the object of that name in a bucket.</summary>
    public byte[] Request(Workload workload, int variant, string bucket)
    {
        var path = $"/{bucket}/{workload.Key}";
        var head = new StringBuilder($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{Port}\r\n");
        foreach (var (name, value) in Sign("GET", path, SigV4.EmptyPayload))
        {
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        if (workload.Range(variant) is { } range)
        {
            head.Append("Range: ").Append(range).Append("\r\n");
        }

        return Encoding.Latin1.GetBytes(head.Append("\r\n").ToString());
    }

    /// <inheritdoc/>
    public TimeSpan Cpu() => _process?.Cpu() ?? TimeSpan.Zero;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Makes the bucket, or puts an object into it.</summary>
    public async Task PutAsync(HttpClient client, string path, HttpContent content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"http://127.0.0.1:{Port}{path}") { Content = content };
        foreach (var (name, value) in Sign("PUT", path, SigV4.UnsignedPayload))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await client.SendAsync(request);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"PUT {path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }
    }

    private IEnumerable<KeyValuePair<string, string>> Sign(string method, string path, string payload) =>
        Signer.Sign(method, $"127.0.0.1:{Port}", path, "", [], payload, DateTimeOffset.UtcNow).Headers;
}
