namespace S3Overlay.Benchmarks.Servers;

/// <summary>A server that is measured.</summary>
public interface IServerUnderTest : IAsyncDisposable
{
    /// <summary>Its name in the table.</summary>
    string Name { get; }

    /// <summary>Its loopback port.</summary>
    int Port { get; }

    /// <summary>The requests of a workload, ready to be sent.</summary>
    byte[][] Requests(Workload workload);

    /// <summary>Processor time used so far by all its processes.</summary>
    TimeSpan Cpu();
}
