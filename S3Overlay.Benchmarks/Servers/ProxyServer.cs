using S3Overlay.Benchmarks.Load;
using S3Overlay.Benchmarks.Workloads;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Benchmarks.Servers;

/// <summary>A build of the proxy. Requests are signed.</summary>
public sealed class ProxyServer : IServerUnderTest
{
    /// <summary>The bucket for written objects.</summary>
    public const string Bucket = "bench";

    private static readonly RequestSigner Signer = new(new SigningCredentials("minioadmin", "minioadmin"), "us-east-1");

    private readonly ServerProcess? _process;

    private ProxyServer(ServerProcess? process, int port) => (_process, Port) = (process, port);

    public string Name { get; private init; } = "proxy";

    public int Port { get; }

    /// <summary>A running proxy, which this object does not stop.</summary>
    public static ProxyServer At(int port) => new(null, port);

    /// <summary>Starts a build.</summary>
    /// <param name="build">The dll, or the folder it is in; null for the build beside this one.</param>
    public static async Task<ProxyServer> StartAsync(string name, string? build, IReadOnlyDictionary<string, string> settings)
    {
        var port = ServerProcess.FreePort();
        var program = ProgramOf(build);
        var isAssembly = Path.GetExtension(program) == ".dll";
        string[] command = [.. isAssembly ? [program] : Array.Empty<string>(), "--urls", $"http://127.0.0.1:{port}"];
        var process = await ServerProcess.StartAsync(port, isAssembly ? "dotnet" : program, command, settings);
        return new ProxyServer(process, port) { Name = name };
    }

    /// <summary>The dll of a build, or the executable that is all of it.</summary>
    /// <param name="build">That file, or the folder it is in; null for the build beside this one.</param>
    /// <exception cref="ArgumentException">The file does not exist.</exception>
    public static string ProgramOf(string? build)
    {
        var beside = typeof(S3Overlay.Proxy.Protocol.S3Request).Assembly.Location;
        if (build is null || !Directory.Exists(build))
        {
            return Existing(build is null ? beside : Path.GetFullPath(build));
        }

        var assembly = Path.GetFullPath(Path.Combine(build, Path.GetFileName(beside)));
        var executable = Path.ChangeExtension(assembly, null);
        return !File.Exists(assembly) && File.Exists(executable) ? executable : Existing(assembly);

        static string Existing(string path) => File.Exists(path) ? path : throw new ArgumentException(
            $"{path} does not exist. Give the folder of a build: dotnet publish S3Overlay.Proxy -c Release -o FOLDER");
    }

    public LoadRequest Request(string bucket, Ask ask)
    {
        var payload = ask.BodyLength == 0 ? SigV4.EmptyPayload : SigV4.UnsignedPayload;
        var signature = Signer.Sign(ask.Method, $"127.0.0.1:{Port}", RequestText.PathOf(bucket, ask), ask.Query, [], payload,
            DateTimeOffset.UtcNow);
        return RequestText.Write(Port, bucket, ask, signature.Headers);
    }

    /// <summary>Makes a bucket and puts objects into it.</summary>
    public void Fill(string bucket, IEnumerable<StoredObjects> objects)
    {
        using (var connection = new LoadConnection(Port))
        {
            connection.Exchange(Request(bucket, new("PUT", "")));
        }

        foreach (var some in objects)
        {
            using var load = new LoadGenerator(Port, Math.Min(some.Count, 16),
                new(this, bucket, i => new("PUT", some.Key(i), BodyLength: some.Size), some.Count));
            load.Run(TimeSpan.Zero, some.Count);
        }
    }

    /// <summary>Ends it as a service manager does.</summary>
    public Task StopAsync() => _process!.StopAsync();

    public TimeSpan Cpu() => _process?.Cpu() ?? TimeSpan.Zero;

    public long Resident() => _process?.Resident() ?? 0;

    public ValueTask DisposeAsync() => _process?.DisposeAsync() ?? ValueTask.CompletedTask;
}
