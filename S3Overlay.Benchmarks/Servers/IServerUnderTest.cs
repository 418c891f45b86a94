using S3Overlay.Benchmarks.Load;
using S3Overlay.Benchmarks.Workloads;

namespace S3Overlay.Benchmarks.Servers;

/// <summary>A server that is measured.</summary>
public interface IServerUnderTest : IAsyncDisposable
{
    /// <summary>Its name in the table.</summary>
    string Name { get; }

    /// <summary>Its loopback port.</summary>
    int Port { get; }

    /// <summary>A request as this server wants it.</summary>
    LoadRequest Request(string bucket, Ask ask);

    /// <summary>Processor time used so far by all its processes.</summary>
    TimeSpan Cpu();

    /// <summary>Bytes of memory that all its processes have resident now; 0 if that is not known.</summary>
    long Resident();
}
