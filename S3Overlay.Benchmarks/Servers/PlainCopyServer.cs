using System.Globalization;

using S3Overlay.Benchmarks.Load;
using S3Overlay.Benchmarks.Workloads;

namespace S3Overlay.Benchmarks.Servers;

/// <summary>
/// A process of its own that runs <see cref="PlainCopy"/>: the measure for what handing on costs in .NET before anything of S3 is done.
/// </summary>
public sealed class PlainCopyServer : IServerUnderTest
{
    /// <summary>The command that runs it.</summary>
    public const string Command = "plain-copy";

    private readonly ServerProcess _process;

    private PlainCopyServer(ServerProcess process, int port) => (_process, Port) = (process, port);

    /// <inheritdoc/>
    public string Name => "plain";

    /// <inheritdoc/>
    public int Port { get; }

    /// <summary>Starts it in front of a server on a loopback port.</summary>
    public static async Task<PlainCopyServer> StartAsync(int upstream)
    {
        var port = ServerProcess.FreePort();
        string[] arguments = [typeof(PlainCopy).Assembly.Location, Command, port.ToString(CultureInfo.InvariantCulture),
            upstream.ToString(CultureInfo.InvariantCulture)];
        return new PlainCopyServer(await ServerProcess.StartAsync(port, "dotnet", arguments, new Dictionary<string, string>()), port);
    }

    /// <inheritdoc/>
    public LoadRequest Request(string bucket, Ask ask) => RequestText.Write(Port, bucket, ask, []);

    /// <inheritdoc/>
    public TimeSpan Cpu() => _process.Cpu();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
