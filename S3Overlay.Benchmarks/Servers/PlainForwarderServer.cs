using System.Globalization;

using S3Overlay.Benchmarks.Load;
using S3Overlay.Benchmarks.Workloads;

namespace S3Overlay.Benchmarks.Servers;

/// <summary>
/// A process that runs <see cref="PlainForwarder"/>: the baseline for forwarding in .NET without S3.
/// </summary>
public sealed class PlainForwarderServer : IServerUnderTest
{
    /// <summary>The command that runs it.</summary>
    public const string Command = "plain-forwarder";

    private readonly ServerProcess _process;

    private PlainForwarderServer(ServerProcess process, int port) => (_process, Port) = (process, port);

    public string Name => "plain";

    public int Port { get; }

    /// <summary>Starts it in front of a server on a loopback port.</summary>
    public static async Task<PlainForwarderServer> StartAsync(int upstream)
    {
        var port = ServerProcess.FreePort();
        string[] arguments = [typeof(PlainForwarder).Assembly.Location, Command, port.ToString(CultureInfo.InvariantCulture),
            upstream.ToString(CultureInfo.InvariantCulture)];
        return new PlainForwarderServer(await ServerProcess.StartAsync(port, "dotnet", arguments, new Dictionary<string, string>()), port);
    }

    public LoadRequest Request(string bucket, Ask ask) => RequestText.Write(Port, bucket, ask, []);

    public TimeSpan Cpu() => _process.Cpu();

    public long Resident() => _process.Resident();

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
