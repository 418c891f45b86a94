using S3Overlay.Benchmarks.Load;
using S3Overlay.Benchmarks.Workloads;

namespace S3Overlay.Benchmarks.Servers;

/// <summary>No server: the test remote itself, as clients without a cache read it.</summary>
public sealed class DirectReaders(StandInRemote remote) : IServerUnderTest
{
    public string Name => "direct";

    public int Port => remote.Port;

    public LoadRequest Request(string bucket, Ask ask) => RequestText.Write(Port, bucket, ask, []);

    public TimeSpan Cpu() => TimeSpan.Zero;

    public long Resident() => 0;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
