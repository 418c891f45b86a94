using S3Overlay.Benchmarks.Servers;

namespace S3Overlay.Benchmarks.Workloads;

/// <summary>One row of the tables: what is stored before, and which requests are sent.</summary>
/// <param name="Name">Its name in the tables.</param>
/// <param name="Ask">The request of a number.</param>
public sealed record Workload(string Name, Func<long, Ask> Ask)
{
    /// <summary>
    /// How many different requests there are. They are sent in shuffled order, again and again. Null: no request is sent twice.
    /// </summary>
    public int? Variants { get; init; } = 1;

    /// <summary>What they read, or null.</summary>
    public StoredObjects? Objects { get; init; }

    /// <summary>A request to send before each of <see cref="Ask"/>, outside the time measured; or null.</summary>
    public Func<long, Ask>? Before { get; init; }

    /// <summary>How many requests one measurement sends; null for as many as there is time for.</summary>
    public int? Batch { get; init; }

    /// <summary>The numbers of connections it is measured with.</summary>
    public int[] Connections { get; init; } = [1, 16];

    /// <summary>Whether all connections send the same request at the same time.</summary>
    public bool IsInStep { get; init; }

    /// <summary>Whether it reads through the overlay what only the remote has. Otherwise the proxy has no remote.</summary>
    public bool IsCold { get; init; }

    /// <summary>The bucket it is about.</summary>
    public string Bucket => IsCold ? StandInRemote.Bucket : ProxyServer.Bucket;

    /// <summary>Whether a server of plain files can answer it.</summary>
    public bool IsOfFiles => Objects is not null && Ask(0).Query.Length == 0;
}
