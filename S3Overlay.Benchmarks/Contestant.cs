using S3Overlay.Benchmarks.Load;
using S3Overlay.Benchmarks.Servers;
using S3Overlay.Benchmarks.Workloads;

namespace S3Overlay.Benchmarks;

/// <summary>One server with one workload, measured as often as wanted.</summary>
public sealed class Contestant : IDisposable
{
    private readonly Workload _workload;
    private readonly StandInRemote _remote;
    private readonly LoadGenerator _load;
    private readonly LoadGenerator? _before;

    /// <summary>Prepares the requests and connects.</summary>
    /// <param name="remote">The remote, whose bytes are counted.</param>
    public Contestant(IServerUnderTest server, Workload workload, int connections, StandInRemote remote)
    {
        (Server, _workload, _remote) = (server, workload, remote);
        _load = new(server.Port, connections, new(server, workload.Bucket, workload.Ask, workload.Variants), workload.IsInStep);
        _before = workload.Before is { } before ? new(server.Port, connections, new(server, workload.Bucket, before, workload.Variants))
            : null;
    }

    /// <summary>The server.</summary>
    public IServerUnderTest Server { get; }

    /// <summary>Measures once.</summary>
    /// <param name="duration">How long, unless the workload sets a number of requests.</param>
    public async Task<Measurement> MeasureAsync(TimeSpan duration)
    {
        _before?.Run(duration, _workload.Batch);
        var (cpu, sent) = (Server.Cpu(), _remote.Sent);
        var result = Run(duration);

        // A fill may outlast the response to the client. Its cost counts.
        if (_workload.IsCold)
        {
            await _remote.WhenIdleAsync();
        }

        return new(result.Requests, result.Bytes, result.Elapsed, Server.Cpu() - cpu, _remote.Sent - sent)
        {
            FirstByte = result.FirstByte,
            Resident = Server.Resident(),
        };
    }

    private LoadResult Run(TimeSpan duration)
    {
        try
        {
            return _load.Run(duration, _workload.Batch);
        }
        catch (InvalidOperationException failure)
        {
            throw new InvalidOperationException($"{_workload.Name}, {Server.Name}: {failure.Message}", failure);
        }
    }

    public void Dispose()
    {
        _load.Dispose();
        _before?.Dispose();
    }
}
