using S3Overlay.Benchmarks.Workloads;

namespace S3Overlay.Benchmarks;

/// <summary>The help text of the command line.</summary>
public static class Help
{
    /// <summary>The exit code if nothing could be measured. 1 means that a build is worse.</summary>
    public const int CannotRun = 2;

    public static int Print()
    {
        Console.WriteLine(
            $"""
            S3Overlay.Benchmarks COMMAND [OPTIONS]

            Commands:
              compare                   The proxy beside nginx and Varnish, if installed: requests/s, MB/s, the server's processor time.
              compare --against FOLDER  The proxy beside another build. Exit code 1 means that it is slower.
              forward                   The proxy, nginx and a plain .NET forwarder, each in front of another nginx with the files.
              start [--against FOLDER]  Time from the command to the first response, and memory then.
              digests                   What the MD5 and other digests of a GiB cost on this machine.
              allocations               Bytes the proxy allocates for a warm GET.
              counting                  What the metrics and statistics of one warm GET cost.

            Options:
              --against FOLDER     The folder (or dll) of the build to compare with.
              --proxy FOLDER       The build that is measured. Default: the Release build beside this program.
              --only NAME,NAME     Only the workloads that have one of these in their names.
              --connections A,B    Number of connections. Default: each workload's own, mostly 1 and 16.
              --seconds N          How long one measurement lasts. Default: 3, and 0.5 with --against.
              --delay MS           How long the remote waits before each response. Default: 0.
              --pairs N            With --against: how many pairs of measurements, at least {PairedRatios.FewestPairs}. Default: 20.
              --rounds N           Without it, and for start: how many rounds. Default: 5.

            A row of --against is worse if the median ratio of its time, its processor time or its bytes from the remote is above
            {PairedRatios.Allowed} and its 95 % interval excludes 1, twice in a row, the second time with new processes.
            All rows take 15 to 30 minutes.

            Exit codes: 0 no row is worse, 1 a row is worse, 2 it could not be measured.

            The server runs on the first processor, the load and the remote on the second. Linux only.

            Examples, from a Release build (dotnet build S3Overlay.Benchmarks -c Release):
              dotnet run -c Release --project S3Overlay.Benchmarks -- compare --only "GET 10,HEAD" --seconds 1 --rounds 3

              git worktree add ../old v0.1 && dotnet publish ../old/S3Overlay.Proxy -c Release -o /tmp/old
              dotnet publish S3Overlay.Proxy -c Release -o /tmp/new
              dotnet run -c Release --project S3Overlay.Benchmarks -- compare --proxy /tmp/new --against /tmp/old
              dotnet run -c Release --project S3Overlay.Benchmarks -- compare --proxy /tmp/new --against /tmp/old \
                --only cold,stampede --pairs 10

            Workloads:
              {string.Join("\n  ", Rows.All.Select(workload => workload.Name))}
            """);
        return 0;
    }
}
