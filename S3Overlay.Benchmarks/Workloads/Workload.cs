using S3Overlay.Benchmarks.Servers;

namespace S3Overlay.Benchmarks.Workloads;

/// <summary>One row of the tables: the stored objects and the requests.</summary>
/// <param name="Ask">The request of a number.</param>
public sealed record Workload(string Name, Func<long, Ask> Ask)
{
    /// <summary>
    /// Number of different requests, which are repeated in shuffled order. Null if no request is sent twice.
    /// </summary>
    public int? Variants { get; init; } = 1;

    /// <summary>What they read, or null.</summary>
    public StoredObjects? Objects { get; init; }

    /// <summary>A request to send before each of <see cref="Ask"/>, outside the time measured; or null.</summary>
    public Func<long, Ask>? Before { get; init; }

    /// <summary>Number of requests in one measurement, or of steps. Null for as many as fit the duration.</summary>
    public int? Batch { get; init; }

    /// <summary>The numbers of connections it is measured with.</summary>
    public int[] Connections { get; init; } = [1, 16];

    /// <summary>Whether all connections send the same request at the same time.</summary>
    public bool IsInStep { get; init; }

    /// <summary>Whether it reads objects of the remote through the overlay. Otherwise the proxy has no remote.</summary>
    public bool IsCold { get; init; }

    /// <summary>The bucket it is about.</summary>
    public string Bucket => IsCold ? StandInRemote.Bucket : ProxyServer.Bucket;

    /// <summary>The servers it is measured beside.</summary>
    public Opponents Beside { get; init; }

    /// <summary>Whether a file server supports it.</summary>
    public bool IsOfFiles => Beside.HasFlag(Opponents.Files);
}
